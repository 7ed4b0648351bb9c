#!/bin/sh
# The bare server against nginx: a static 200 of the same size from both, two workers each, 64 keep-alive connections,
# wrk with one thread on the same cores, alternating pairs. Prints one line a pair and the median ratio.
# Usage: bench/http_vs_nginx.sh ECHO_BINARY [PAIRS] [SECONDS] [BODY_BYTES]
set -eu
echo_binary=$1
pairs=${2:-7}
seconds=${3:-3}
bytes=${4:-600}
folder=$(mktemp -d)
nginx_port=18081
echo_port=18082
cleanup() {
  [ -f "$folder/nginx.pid" ] && kill "$(cat "$folder/nginx.pid")" 2>/dev/null || true
  [ -n "${echo_pid:-}" ] && kill "$echo_pid" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT INT TERM

body=$(head -c "$bytes" /dev/zero | tr '\0' x)
cat > "$folder/nginx.conf" <<EOF
worker_processes 2;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
  server { listen 127.0.0.1:$nginx_port; location / { default_type application/json; return 200 "$body"; } }
}
EOF
nginx -c "$folder/nginx.conf"
"$echo_binary" "$echo_port" "$bytes" 2 3600 &
echo_pid=$!
sleep 1

# A request of the size that a signed one has.
scope=AKIAEXAMPLEEXAMPLE00/20260704/us-east-1/bedrock-agentcore/aws4_request
signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
authorization="AWS4-HMAC-SHA256 Credential=$scope, SignedHeaders=host;x-amz-date, Signature=$signature"
rate() {
  wrk -t1 -c64 "-d${seconds}s" -H "Authorization: $authorization" -H "X-Amz-Date: 20260704T113850Z" \
      -H "Accept-Encoding: identity" -H "User-Agent: Boto3/1.0 md/Botocore ua/2.0 os/linux lang/python" \
      "http://127.0.0.1:$1/memories/example-0123456789/actor/a/sessions/s/events/e" | awk '/Requests\/sec/ {print $2}'
}
: > "$folder/ratios"
for pair in $(seq "$pairs"); do
  ours=$(rate "$echo_port")
  theirs=$(rate "$nginx_port")
  ratio=$(awk "BEGIN {printf \"%.3f\", $ours / $theirs}")
  echo "$ratio" >> "$folder/ratios"
  echo "pair $pair: warifu $ours/s, nginx $theirs/s, ratio $ratio"
done
middle='{r[NR] = $1} END {h = int(NR / 2); print "median ratio", NR % 2 ? r[h + 1] : (r[h] + r[h + 1]) / 2}'
sort -n "$folder/ratios" | awk "$middle"
