import { Button } from "@mantine/core";
import { IconEraser } from "@tabler/icons-react";
import { type PointerEvent, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Signature } from "../../server/deliveries/schema.ts";
import styles from "./signature_pad.module.css";

type Stroke = Signature["strokes"][number];

interface SignaturePadProps {
  strokes: Stroke[];
  onChange: (strokes: Stroke[]) => void;
  error?: string;
}

/** Points in thousandths of the pad's width; the pad is half as high as it is wide. */
const UNITS = 1000;
/** What the server takes: of one stroke, of strokes, and in all. */
const MOST_POINTS = 2000;
const MOST_STROKES = 200;
const MOST_IN_ALL = 10_000;

/** Takes a signature as the strokes of a finger or pen, so that it stays sharp at every size. */
export function SignaturePad({ strokes, onChange, error }: SignaturePadProps) {
  const { t } = useTranslation(["driverApp", "common"]);
  const id = useId();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<Stroke[]>(strokes);
  const pen = useRef<number | null>(null);

  useEffect(() => {
    drawn.current = strokes;
    const pad = canvas.current!;
    const redraw = () => draw(pad, drawn.current);
    const watcher = new ResizeObserver(redraw);
    watcher.observe(pad);
    redraw();
    return () => watcher.disconnect();
  }, [strokes]);

  const down = (event: PointerEvent<HTMLCanvasElement>) => {
    if (pen.current !== null || drawn.current.length >= MOST_STROKES || isFull(drawn.current)) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    pen.current = event.pointerId;
    drawn.current = [...drawn.current, [pointOf(event.currentTarget, event)]];
    draw(event.currentTarget, drawn.current);
  };
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    if (pen.current !== event.pointerId) return;
    const stroke = drawn.current.at(-1)!;
    // Phones gather several points into one event; without them curves become corners.
    const native = event.nativeEvent;
    const points = native.getCoalescedEvents?.() ?? [];
    for (const point of points.length > 0 ? points : [native]) {
      if (stroke.length < MOST_POINTS && !isFull(drawn.current)) {
        stroke.push(pointOf(event.currentTarget, point));
      }
    }
    draw(event.currentTarget, drawn.current);
  };
  const up = (event: PointerEvent) => {
    if (pen.current !== event.pointerId) return;
    pen.current = null;
    onChange(drawn.current);
  };

  return (
    <div className={styles.signature}>
      <div className={styles.head}>
        <span id={id} className={styles.label}>{t("signature.label")}</span>
        <Button
          variant="subtle"
          size="compact-md"
          leftSection={<IconEraser size={18} aria-hidden />}
          disabled={strokes.length === 0}
          onClick={() => onChange([])}
        >
          {t("common:clear")}
        </Button>
      </div>
      <canvas
        ref={canvas}
        className={styles.pad}
        data-invalid={error !== undefined || undefined}
        role="img"
        aria-labelledby={id}
        aria-describedby={`${id}-state`}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
      />
      <p
        id={`${id}-state`}
        className={styles.state}
        data-error={error !== undefined || undefined}
        role="status"
      >
        {error ?? (strokes.length === 0 ? t("signature.empty") : t("signature.signed"))}
      </p>
    </div>
  );
}

const isFull = (strokes: readonly Stroke[]): boolean =>
  strokes.reduce((points, { length }) => points + length, 0) >= MOST_IN_ALL;

function pointOf(pad: HTMLCanvasElement, at: { clientX: number; clientY: number }): [number, number] {
  const box = pad.getBoundingClientRect();
  const thousandth = (px: number, most: number) =>
    Math.round(Math.min(most, Math.max(0, px / box.width * UNITS)));
  return [thousandth(at.clientX - box.left, UNITS), thousandth(at.clientY - box.top, UNITS / 2)];
}

function draw(pad: HTMLCanvasElement, strokes: readonly Stroke[]): void {
  const dense = globalThis.devicePixelRatio || 1;
  const [width, height] = [Math.round(pad.clientWidth * dense), Math.round(pad.clientHeight * dense)];
  if (pad.width !== width || pad.height !== height) Object.assign(pad, { width, height });
  const pen = pad.getContext("2d")!;
  pen.clearRect(0, 0, width, height);
  pen.strokeStyle = getComputedStyle(pad).color;
  pen.lineWidth = Math.max(2, width / 160);
  pen.lineCap = pen.lineJoin = "round";
  const scale = width / UNITS;
  for (const stroke of strokes) {
    pen.beginPath();
    const [first] = stroke;
    pen.moveTo(first![0] * scale, first![1] * scale);
    // A lone point is a dot: a line to itself, which round caps make visible.
    for (const [x, y] of stroke.length === 1 ? stroke : stroke.slice(1)) pen.lineTo(x * scale, y * scale);
    pen.stroke();
  }
}
