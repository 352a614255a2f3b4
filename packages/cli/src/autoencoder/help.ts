/** Foot of `aiwaf autoencoder --help`. */
export const AUTOENCODER_HELP = `
THE PIPELINE
  synthesize       the access log of a made-up shop, for trying the rest
  normalize        logs as one request a line: decoded, without secrets, with
                   marks such as <INT> and <UUID>, parameters by name
  train-tokenizer  byte pairs of those lines
  train            a model of them, or of access logs at once; one request in
                   five is held out, and a model that calls too many of those
                   odd is saved and withheld
  versions         lists the model's versions, and goes back to one
  evaluate         what held-out requests cost: p50, p95, p99
  serve            POST /score {"raw": text}: rules and model
  ingest           a score for each line of a growing log

  A site needs two of them: train from its logs, and the detector.
  autoencoder({ model: fileModel(".aiwaf/autoencoder.json") })

EXIT CODES
  0  done
  1  no model, or one that was withheld; nothing could be scored
  2  wrong usage, or a file that cannot be read

EXAMPLES
  aiwaf autoencoder train /var/log/nginx/access.log \\
      --out .aiwaf/autoencoder.json
  aiwaf autoencoder serve --model .aiwaf/autoencoder.json --port 8000
  aiwaf autoencoder ingest --logfile /var/log/nginx/access.log \\
      --model .aiwaf/autoencoder.json --out scores.log`;
