#!/bin/sh
# `make bench`: every figure of bench/results.md, in one run on one machine.
set -eu
cd "$(dirname "$0")/.."
sh tools/build.sh release load_bench search_bench vectors_bench extract_bench policy_bench sigv4_bench \
  store_bench wire_bench audit_bench http_echo_bench sandbox_bench
sh tools/install_clients.sh
echo "== the server beside its yardsticks"
build/clients/venv/bin/python -B bench/server_bench.py "$@"
echo "== functions"
build/clients/venv/bin/python -B bench/lambda_bench.py
echo "== gateways"
build/clients/venv/bin/python -B bench/gateway_bench.py
echo "== a start with many memories"
build/clients/venv/bin/python -B bench/start_bench.py
echo "== how soon memories form, and what it costs"
WARIFU_BINARY=build/bin/warifu build/clients/venv/bin/python -B bench/extraction_bench.py
echo "== rankings and extraction alone"
build/release/search_bench
build/release/extract_bench
echo "== the vector part beside FAISS"
[ -x build/bench-venv/bin/python ] || python3 -m venv build/bench-venv
if build/bench-venv/bin/pip install -q numpy faiss-cpu; then
  build/bench-venv/bin/python bench/search_vs_faiss.py build/release/vectors_bench
else
  echo "skipped: faiss-cpu cannot be installed here"
fi
echo "== one decision, one signature, one codec"
for name in policy sigv4 wire sandbox; do
  "build/release/${name}_bench" --benchmark_repetitions=5 --benchmark_report_aggregates_only=true
done
echo "== one decision beside other engines"
python3 -B bench/authz_side_by_side.py --write
echo "== the store alone"
build/release/store_bench
echo "== what the trail costs"
build/release/audit_bench
echo "== the bare server against nginx"
sh bench/http_vs_nginx.sh build/release/http_echo_bench 7 3
