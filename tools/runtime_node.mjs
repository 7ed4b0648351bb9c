// Starts AWS's runtime interface client for Node.js with the handler that is named on the command line. The client's
// native part would have to be compiled with curl and the C++ client beneath it; its three functions are given here.
import http from "node:http";
import Module from "node:module";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const base = "/2018-06-01/runtime/invocation/";

function send(method, path, headers = {}, body = "") {
  return new Promise((resolve, reject) => {
    const length = method === "POST" ? { "Content-Length": Buffer.byteLength(body) } : {};
    const request = http.request({ host, port, agent, method, path: base + path, headers: { ...headers, ...length } },
      (response) => {
        let text = "";
        response.setEncoding("utf-8").on("data", (piece) => { text += piece; }).on("end", () => {
          if (response.statusCode < 300) resolve({ bodyJson: text, headers: response.headers });
          else reject(new Error(`the runtime API answered ${response.statusCode}: ${text}`));
        }).on("error", reject);
      });
    request.on("error", reject).end(body);
  });
}

// The client does not wait for its answers to be sent; the next call does.
let sent = Promise.resolve();
const transport = {
  initializeClient() {},
  next: () => sent.then(() => send("GET", "next")),
  done(id, body) {
    sent = send("POST", `${id}/response`, { "Content-Type": "application/json" }, body);
  },
  error(id, body, trace) {
    const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": "Unhandled" };
    if (trace && trace.length < 4096 && !/[^\x20-\x7e]/.test(trace)) headers["Lambda-Runtime-Function-XRay-Error-Cause"] = trace;
    sent = send("POST", `${id}/error`, headers, body);
  },
};

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === "./rapid-client.node" ? transport : load.call(this, request, ...rest);
};
const { run } = await import("./aws-lambda-ric/dist/index.mjs");
await run(process.cwd(), process.argv[2]);
