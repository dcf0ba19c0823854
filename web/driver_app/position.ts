import { useState } from "react";
import type { Position } from "../../server/platform/schema.ts";

const KEY = "fleethold-share-position";

/** Whether this device's driver lets their position go along with each step: off until they switch it on. */
export function usePositionSharing(): [boolean, (share: boolean) => void] {
  const [sharing, setSharing] = useState(() => localStorage.getItem(KEY) === "yes");
  return [sharing, (share) => {
    if (share) localStorage.setItem(KEY, "yes");
    else localStorage.removeItem(KEY);
    setSharing(share);
  }];
}

/** Where the phone is now, asked once; null when it may not say, or does not know within eight seconds. */
export function whereNow(): Promise<Position | null> {
  return new Promise((resolve) => {
    if (!("geolocation" in navigator)) return resolve(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: 8_000, maximumAge: 30_000 },
    );
  });
}
