import { copy, whileItStays } from "./copying.ts";
import { expireKeys } from "./expiry.ts";
import { Fault } from "./fault.ts";
import { Notebook, Report } from "./memory.ts";
import { tryToDelete } from "./proof.ts";
import { Copies, type Options } from "./restic.ts";
import { bringBack, clearReturned } from "./returning.ts";
import type { Settings } from "./settings.ts";
import { addressOf } from "./target.ts";
import { PARTS, readBack } from "./verification.ts";

const DAY = 86_400_000;

/** Both repositories at the target. */
export function copiesOf(settings: Settings): { data: Copies; keys: Copies } {
  const { FLEETHOLD_OFFSITE, FLEETHOLD_OFFSITE_KEYS, FLEETHOLD_OFFSITE_CREDENTIALS } = settings;
  return {
    data: new Copies(settings, FLEETHOLD_OFFSITE, "data", FLEETHOLD_OFFSITE_CREDENTIALS),
    keys: new Copies(
      settings,
      FLEETHOLD_OFFSITE_KEYS ?? FLEETHOLD_OFFSITE,
      "keys",
      settings.FLEETHOLD_OFFSITE_KEYS_CREDENTIALS ?? FLEETHOLD_OFFSITE_CREDENTIALS,
    ),
  };
}

/** One round of everything that is due. It only ever reads what is local, apart from its own folders. */
export class Pass {
  private constructor(
    private readonly settings: Settings,
    private readonly copies: { data: Copies; keys: Copies },
    private readonly notebook: Notebook,
    readonly report: Report,
  ) {}

  static async prepare(settings: Settings): Promise<Pass> {
    const copies = copiesOf(settings);
    const notebook = await Notebook.open(settings, copies.data);
    const { kind } = settings.FLEETHOLD_OFFSITE;
    return new Pass(
      settings,
      copies,
      notebook,
      new Report(settings, notebook, kind, addressOf(settings.FLEETHOLD_OFFSITE)),
    );
  }

  /**
   * Copies, removes old copies of the keys, verifies, proves and brings back, each when it is due.
   * @returns what went wrong; null: nothing
   */
  async run(signal?: AbortSignal): Promise<Fault | null> {
    const options: Options = { ...(signal && { signal }) };
    const startedAt = new Date().toISOString();
    let fault: Fault | null = null;
    try {
      await this.#copy(options);
      // A target that does not let go of the keys still takes the copies; it is told, and nothing else waits for it.
      fault = await this.#expire(options);
      await this.#prove(options);
      await this.#verify(options);
      await bringBack(this.copies, this.notebook, this.report, options);
    } catch (error) {
      if (signal?.aborted) return null;
      if (!(error instanceof Fault)) throw error;
      fault = error;
    } finally {
      this.report.doing = null;
    }
    this.report.failure = fault && { kind: fault.kind, told: fault.told };
    if (fault) await this.#tell(fault, startedAt);
    else await this.#summarise();
    await this.report.write();
    return fault;
  }

  /** What does not need the target, between passes. */
  async tidy(): Promise<void> {
    await clearReturned(this.settings);
  }

  async #copy(options: Options): Promise<void> {
    const { memory } = this.notebook;
    await whileItStays(this.settings, async (snapshot) => {
      // Keys last: every row's key is then in a copy that is as young as the row's or younger.
      for (const cluster of ["data", "keys"] as const) {
        await this.report.begin("copying", cluster);
        const added = await copy(this.copies[cluster], snapshot, this.notebook, {
          ...options,
          onProgress: this.report.progress,
        });
        if (added === null) continue;
        const copied = memory.copied ?? { since: new Date().toISOString(), bytes: 0 };
        await this.notebook.keep({
          copied: { ...copied, bytes: copied.bytes + added },
          ...(cluster === "data" && memory.copies !== null && { copies: memory.copies + 1 }),
          ...(memory.bytes !== null && { bytes: memory.bytes + added }),
        });
      }
      await this.notebook.keep({ lastCopyAt: new Date().toISOString() });
    });
    this.report.failure = null;
  }

  async #expire(options: Options): Promise<Fault | null> {
    await this.report.begin("pruning", "keys");
    try {
      await expireKeys(this.copies.keys, this.notebook, options);
      return null;
    } catch (error) {
      if (error instanceof Fault && error.kind === "refused") return error;
      throw error;
    }
  }

  /** At the first connection and weekly; daily while the answer is not the one we want. */
  async #prove(options: Options): Promise<void> {
    const { deletionTriedAt, refusesDeletion, probe } = this.notebook.memory;
    if (isYounger(deletionTriedAt, refusesDeletion === false ? DAY : 7 * DAY)) return;
    await this.report.begin("proving", "data");
    const { refuses, left } = await tryToDelete(this.copies.data, probe, options);
    await this.notebook.keep({
      refusesDeletion: refuses,
      deletionTriedAt: new Date().toISOString(),
      probe: left,
    });
  }

  async #verify(options: Options): Promise<void> {
    const { memory } = this.notebook;
    const isFull = !isYounger(memory.lastFullVerifiedAt, 30 * DAY);
    if (isYounger(memory.verificationTriedAt, DAY)) return;
    const startedAt = new Date().toISOString();
    const part = memory.part % PARTS + 1;
    await this.report.begin("verifying", "data");
    const data = await readBack(this.copies.data, isFull ? undefined : part, options);
    await this.report.begin("verifying", "keys");
    const keys = await readBack(this.copies.keys, undefined, options);
    const findings = [
      ...data.findings.map((finding) => `data: ${finding}`),
      ...keys.findings.map((finding) => `keys: ${finding}`),
    ];
    const damage = findings.length === 0
      ? null
      : `Copies at ${this.copies.data.address} are damaged (${
        findings[0]
      }); name another folder there in FLEETHOLD_OFFSITE, so that everything is copied anew, and keep the old one until that is verified`;
    const at = new Date().toISOString();
    await this.notebook.keep({
      damage,
      verificationTriedAt: at,
      bytes: await this.copies.data.usedBytes(options) + await this.copies.keys.usedBytes(options),
      copies: (await this.copies.data.list(options, "copy")).length,
      // What found damage proved nothing, and is done again tomorrow; the moment of a sound one stays.
      ...(damage === null && { lastVerifiedAt: at, part: isFull ? memory.part : part }),
      ...(damage === null && isFull && { lastFullVerifiedAt: at }),
    });
    await this.report.add({
      kind: "offsite-verification",
      startedAt,
      failure: damage,
      figures: {
        files: data.files + keys.files,
        bytes: data.bytes + keys.bytes,
        ...(damage && { findings }),
      },
    });
  }

  /** A failure stands in the history once a day, not once an attempt. */
  async #tell(fault: Fault, startedAt: string): Promise<void> {
    // So it is for some seconds after the first start of all, and no attempt was made.
    if (fault.kind === "nothing-to-copy") return;
    const { told } = this.notebook.memory;
    if (told && told.failure === fault.told && isYounger(told.at, DAY)) return;
    await this.notebook.keep({ told: { failure: fault.told, at: new Date().toISOString() } });
    await this.report.add({ kind: "offsite-copy", startedAt, failure: fault.told, figures: {} });
  }

  /** The first copy, the first after a failure, and then one a day stand for all. */
  async #summarise(): Promise<void> {
    const { copied, told, summarisedAt } = this.notebook.memory;
    if (!copied || (isYounger(summarisedAt, DAY) && !told)) return;
    await this.report.add({
      kind: "offsite-copy",
      startedAt: copied.since,
      failure: null,
      figures: { addedBytes: copied.bytes },
    });
    await this.notebook.keep({ copied: null, summarisedAt: new Date().toISOString(), told: null });
  }
}

const isYounger = (at: string | null, age: number) => at !== null && Date.now() - Date.parse(at) < age;
