// Uploads a file with tus-js-client: node tus-js-client.mjs <endpoint> <file> <file|stream>
// As a stream its length is unknown until its end. Prints the upload's address.
import { createReadStream } from "node:fs";
import { argv, exit, stdout } from "node:process";
import { PassThrough } from "node:stream";
import { Upload } from "tus-js-client";

const [endpoint, path, how] = argv.slice(2);

const file = createReadStream(path);
// The client looks up the length of a file; of what comes through a pipe it cannot.
const source = how === "stream" ? file.pipe(new PassThrough()) : file;

const upload = new Upload(source, {
  endpoint,
  chunkSize: 64 * 1024,
  metadata: { title: `Sent as a ${how}`, filetype: "audio/webm" },
  retryDelays: [0, 50, 100],
  uploadLengthDeferred: how === "stream",
  onError(error) {
    console.error(error);
    exit(1);
  },
  onSuccess() {
    stdout.write(upload.url ?? "");
  },
});
upload.start();
