/**
 * The one-shot that everything else waits for: checks the settings, makes the secrets and the built-in authority on the
 * first start, hands each service its own files, and prints the set-up link. Running it again changes nothing.
 */
import { join } from "node:path";
import { readIfExists } from "../scripts/installation/files.ts";
import { isVerifierOf, scramVerifier } from "../scripts/installation/scram.ts";
import { ensureSecrets, type SecretName } from "../scripts/installation/secrets.ts";
import { explain, print, say } from "../scripts/installation/terminal.ts";
import { CertificateKeeper } from "./certificates.ts";
import { handCredentials } from "./credentials.ts";
import { handed, handOver } from "./hand_over.ts";
import { places } from "./places.ts";
import { handovers, type Service, services } from "./services.ts";
import { addressOf, readSettings, type Settings, SettingsFault } from "./settings.ts";

/** Every secret that some service is handed, and the mark of the installation. */
const secretNames: SecretName[] = [
  ...new Set([
    ...Object.values(handovers).flatMap(({ secrets, verifiers }) => [...secrets, ...verifiers]),
    "installation_id" as const,
  ]),
];

if (import.meta.main) {
  try {
    await init(readSettings(Deno.env.toObject()));
  } catch (error) {
    if (error instanceof SettingsFault) {
      say(error.message);
      say("hint: correct .env, which .env.example explains, then run the same command again");
      Deno.exit(78); // EX_CONFIG of sysexits.h
    }
    Deno.exit(explain(error));
  }
}

async function init(settings: Settings): Promise<void> {
  const isInUse = await readIfExists(join(places.vault, "installation_id")) !== undefined;
  const secrets = await ensureSecrets(places.vault, secretNames, isInUse);
  say(isInUse ? "the secrets are there" : "made the secrets of this installation");
  for (const service of services) await handSecrets(service, secrets);
  await handCredentials(settings, say);
  await handOver("proxy", "token.map", `token ${secrets.proxy_token}`);

  const isNewAuthority = await CertificateKeeper.ensureAuthority(settings);
  if (isNewAuthority) say("made the certificate authority of this installation");
  const keeper = await CertificateKeeper.open(settings, say);
  const source = await keeper.keep({ all: true });

  const address = addressOf(settings);
  print("");
  print(`Fleethold answers at   https://${address}/`);
  if (source === "lan") {
    print(`Let devices trust it   http://${httpAddress(settings)}/ca`);
    print(`Root certificate       SHA-256 ${keeper.rootFingerprint}`);
  }
  print(`Set up the company     https://${address}/setup#${secrets.setup_token}`);
  print("                       works once, and only until the company is set up");
  if (settings.FLEETHOLD_HOST === "localhost") {
    print(
      "hint: from other computers it is reached once FLEETHOLD_HOST in .env says under which name or address",
    );
  }
}

/** Hands a service its secrets, and verifiers in place of passwords it only has to check. */
async function handSecrets(service: Service, secrets: Record<SecretName, string>): Promise<void> {
  const { secrets: whole, verifiers } = handovers[service];
  for (const name of whole) await handOver(service, name, secrets[name]);
  for (const name of verifiers) {
    const file = name.replace("password", "verifier");
    const present = await handed(service, file);
    if (present && isVerifierOf(secrets[name], present)) continue;
    await handOver(service, file, scramVerifier(secrets[name]));
  }
  await handOver(service, "installation_id", secrets.installation_id);
}

function httpAddress({ FLEETHOLD_HOST, FLEETHOLD_HTTP_PORT }: Settings): string {
  return new URL(`http://${FLEETHOLD_HOST}:${FLEETHOLD_HTTP_PORT}`).host;
}
