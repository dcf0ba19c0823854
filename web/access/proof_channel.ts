/** What came of a proof in a provider's window: nothing to say, or why it was refused. */
export interface ProofNews {
  refused?: string;
}

/** The provider's pages cut the window off from the one that opened it, so that the two can only speak by a channel. */
const CHANNEL = "fleethold-proof";

export function tellProof(news: ProofNews): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(news);
  channel.close();
}

/** Calls `hear` for what each window tells; answers how to stop that. */
export function hearProof(hear: (news: ProofNews) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => hear(data);
  return () => channel.close();
}
