import { createHash, X509Certificate } from "node:crypto";

/**
 * A configuration profile that makes iPhones, iPads and Macs know the root certificate (Apple, "Configuration Profile
 * Reference", payload `com.apple.security.root`). People still have to switch on full trust by hand.
 */
export function appleProfile(root: string, address: string): string {
  const der = new X509Certificate(root).raw.toBase64();
  const uuid = (of: string) => {
    const hex = createHash("sha256").update(`${of} ${der}`).digest("hex");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5").toUpperCase();
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>fleethold.${uuid("profile").toLowerCase()}</string>
<key>PayloadUUID</key><string>${uuid("profile")}</string>
<key>PayloadDisplayName</key><string>Fleethold on ${address}</string>
<key>PayloadDescription</key><string>Lets this device trust the certificate of ${address}.</string>
<key>PayloadContent</key><array><dict>
<key>PayloadType</key><string>com.apple.security.root</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>fleethold.${uuid("root").toLowerCase()}</string>
<key>PayloadUUID</key><string>${uuid("root")}</string>
<key>PayloadDisplayName</key><string>Fleethold root certificate</string>
<key>PayloadContent</key><data>${der}</data>
</dict></array>
</dict></plist>
`;
}
