/** What a tab has to know again once a provider sends it back: the address it comes back to is the same for everybody. */
export interface TripNote {
  /** Where its reader wanted to go. */
  back?: string;
  /** The token of the invitation they wanted to accept. */
  invitation?: string;
  /** Whether they have signed out. */
  signedOut?: boolean;
}

const KEY = "fleethold-trip";

export const leaveNote = (note: TripNote): void => sessionStorage.setItem(KEY, JSON.stringify(note));

export function readNote(): TripNote {
  const note = sessionStorage.getItem(KEY);
  return note === null ? {} : JSON.parse(note);
}

export const dropNote = (): void => sessionStorage.removeItem(KEY);
