/** The names of the fields an edit really changes; one that repeats what is there changes nothing. */
export function editedFields<T extends object>(before: T, edit: Partial<T>): (keyof T & string)[] {
  return (Object.keys(edit) as (keyof T & string)[])
    .filter((field) => JSON.stringify(edit[field]) !== JSON.stringify(before[field]));
}
