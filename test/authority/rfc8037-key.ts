import { createPrivateKey, createPublicKey } from "node:crypto";

/** The Ed25519 key of RFC 8037, appendix A, which is the first one of RFC 8032, section 7.1, too. */
export const RFC_8037_KEY = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
} as const;

/** Its thumbprint, as appendix A.3 publishes it. */
export const RFC_8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

export const rfc8037Private = createPrivateKey({ key: RFC_8037_KEY, format: "jwk" });
export const rfc8037Public = createPublicKey({ key: RFC_8037_KEY, format: "jwk" });
