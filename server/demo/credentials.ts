import { randomBytes, randomInt } from "node:crypto";
import { hashPassword } from "../access/password.ts";
import { writeSecret } from "../access/totp.ts";
import type { Config } from "../platform/config.ts";

/** How an account of the demo company signs in. Random, unlike the company itself: nobody may know them beforehand. */
export interface DemoCredentials {
  password: string;
  passwordHash: string;
  totpSecret: Uint8Array;
}

const consonants = "bdfghjklmnprstvw";
const vowels = "aeiou";

/** Makes credentials for so many accounts. */
export async function makeCredentials(config: Config, count: number): Promise<DemoCredentials[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const password = makePassword();
    return { password, passwordHash: await hashPassword(config, password), totpSecret: randomBytes(20) };
  }));
}

/** The secret as it is typed into an authenticator app. */
export const typedSecret = ({ totpSecret }: DemoCredentials): string => writeSecret(totpSecret);

/** Ten syllables that can be read out, such as `tuvo-kari-meso-dupa-lini`: 63 random bits. */
const makePassword = () => Array.from({ length: 5 }, () => syllable() + syllable()).join("-");

const syllable = () => consonants[randomInt(consonants.length)]! + vowels[randomInt(vowels.length)]!;
