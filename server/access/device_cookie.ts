import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { KnownDevice } from "./device.ts";
import { loginHash } from "./login.ts";
import type { AppEnv } from "./may.ts";
import { cookieOptions, deviceCookieName } from "./session.ts";

const DEVICE_SECONDS = 365 * 86_400;

/** The device a request comes from, as its cookie tells. */
export const deviceOf = (c: Context<AppEnv>): KnownDevice =>
  KnownDevice.read(getCookie(c, deviceCookieName(c.var.services.config)));

/** Marks the device as one that this person signs in on. */
export function rememberDevice(c: Context<AppEnv>, email: string): void {
  const { services } = c.var;
  setCookie(
    c,
    deviceCookieName(services.config),
    deviceOf(c).cookieFor(services.config, loginHash(services, email)),
    { ...cookieOptions(services.config), maxAge: DEVICE_SECONDS },
  );
}
