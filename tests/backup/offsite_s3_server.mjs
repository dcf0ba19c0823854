// An S3 server of its own process for the tests of the offsite copy, by TLS: offsite_s3_server.mjs '{…}'.
//
// s3rver knows neither versions nor object lock. With `guarded` what stands before it does what a bucket with versions,
// object lock and a policy does: every object written gets a version, and deleting is refused but for locks.
import { createServer } from "node:https";
import { request } from "node:http";
import { readFileSync } from "node:fs";
import process from "node:process";
import S3rver from "s3rver";

const { port, innerPort, directory, certificate, key, guarded } = JSON.parse(process.argv[2]);

await new S3rver({
  port: innerPort,
  address: "127.0.0.1",
  silent: true,
  directory,
  configureBuckets: [{ name: "backups", configs: [] }],
}).run();

let versions = 0;
createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (incoming, outgoing) => {
  const { method, url, headers } = incoming;
  if (guarded && method === "DELETE" && !/\/(locks|fleethold-keys)\//.test(url)) {
    incoming.resume();
    outgoing.writeHead(403, { "content-type": "application/xml" });
    outgoing.end("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
    return;
  }
  const inner = request({ port: innerPort, host: "127.0.0.1", method, path: url, headers }, (answer) => {
    const version = guarded && method === "PUT" ? { "x-amz-version-id": `v${++versions}` } : {};
    outgoing.writeHead(answer.statusCode, { ...answer.headers, ...version });
    answer.pipe(outgoing);
  });
  inner.on("error", () => outgoing.destroy());
  incoming.pipe(inner);
}).listen(port, "127.0.0.1", () => process.stdout.write("up\n"));
