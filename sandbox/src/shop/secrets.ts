/**
 * The texts planted where only a working exploit can see them. They protect nothing; an oracle that finds one in a response knows which
 * weakness gave it away. None is ever part of a page that the shop shows to an honest visitor.
 */
export const secrets = {
  /** In the table `vault`, which no query of the shop reads. */
  vaultRow: "planted-vault-9d2e61",
  /** In the emulated `/etc/passwd`. */
  passwdFile: "shopkeeper:x:1000:1000:planted-passwd-41c7aa",
  /** In the emulated `/etc/shadow` and `/root/.ssh/id_rsa`. */
  rootFile: "planted-root-e0b935",
  /** In `/srv/shop/config/secret.yml`, one folder above the downloads. */
  configFile: "planted-config-77f04b",
  /** In `/srv/shop/server.js`, the shop's make-believe source. */
  sourceFile: "planted-source-2ab8d3",
  /** In the dot-files, dumps and consoles that somebody left in the web root. */
  exposed: "planted-exposed-5c19ee",
  /** What the template engine knows as `config.secret`. */
  template: "planted-template-b6604f",
  /** In the emulated environment: `/proc/self/environ` and the toy shell's `env`. */
  environment: "planted-environ-c8d17e",
  /** What the loopback canary answers. */
  canary: "planted-canary-3e95d0",
  /** On the admin page only. */
  adminPage: "planted-admin-f18a26",
  /** Shared with the payment service that signs webhooks; normal traffic signs with it. */
  webhookKey: "harbour-webhook-key",
} as const;
