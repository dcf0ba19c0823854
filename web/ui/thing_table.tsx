import { UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import styles from "./thing_table.module.css";

export interface Column<T> {
  head: string;
  cell: (thing: T) => ReactNode;
  /** Left out on phones, where the first column's second line should say what matters of it. */
  wideOnly?: boolean;
}

interface ThingTableProps<T> {
  /** What the table lists, for those who hear it. */
  label: string;
  things: T[];
  keyOf: (thing: T) => string;
  /** The first column names the thing; `under` is the line below the name. */
  name: { head: string; cell: (thing: T) => ReactNode; under?: (thing: T) => ReactNode };
  columns: Column<T>[];
  /** Makes the whole row a button. */
  onOpen?: (thing: T) => void;
  /** Things out of use are drawn back. */
  faded?: (thing: T) => boolean;
}

/** A list of things of one kind: a table that opens one of them. For hundreds of rows; longer lists are virtualised. */
export function ThingTable<T>({ label, things, keyOf, name, columns, onOpen, faded }: ThingTableProps<T>) {
  return (
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{name.head}</th>
          {columns.map(({ head, wideOnly }) => (
            <th key={head} scope="col" data-wide-only={wideOnly || undefined}>{head}</th>
          ))}
          {onOpen !== undefined && <td className={styles.chevron} />}
        </tr>
      </thead>
      <tbody>
        {things.map((thing) => (
          <tr
            key={keyOf(thing)}
            data-opens={onOpen !== undefined || undefined}
            data-faded={faded?.(thing) || undefined}
          >
            <th scope="row">
              {onOpen === undefined
                ? <span className={styles.name}>{name.cell(thing)}</span>
                : (
                  <UnstyledButton
                    className={styles.open}
                    onClick={() => onOpen(thing)}
                    aria-haspopup="dialog"
                  >
                    <span className={styles.name}>{name.cell(thing)}</span>
                  </UnstyledButton>
                )}
              {name.under !== undefined && <span className={styles.under}>{name.under(thing)}</span>}
            </th>
            {columns.map(({ head, cell, wideOnly }) => (
              <td key={head} data-wide-only={wideOnly || undefined}>{cell(thing)}</td>
            ))}
            {onOpen !== undefined && (
              <td className={styles.chevron}>
                <IconChevronRight size={16} aria-hidden />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
