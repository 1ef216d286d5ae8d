/** What was learned of the most recently used names; when full, the name unused for longest is forgotten. */
export interface Recent<Value> {
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
}

const capacity = 100;

/** Makes an empty, bounded memory: 100 names. */
export function createRecent<Value>(): Recent<Value> {
  const values = new Map<string, Value>();
  const set = (name: string, value: Value): void => {
    values.delete(name);
    values.set(name, value);
    const [oldest] = values.keys();
    if (values.size > capacity && oldest !== undefined) values.delete(oldest);
  };
  const get = (name: string): Value | undefined => {
    const value = values.get(name);
    if (value !== undefined) set(name, value);
    return value;
  };
  return { get, set };
}
