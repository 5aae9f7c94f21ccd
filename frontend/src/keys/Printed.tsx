import { Kbd } from "@mantine/core";
import { APPLE, printed } from "./strokes";

/** Keys as they look on this keyboard. */
export const Printed = ({ keys }: { keys: string }) => printed(keys, APPLE).map((key) => <Kbd key={key} size="xs">{key}</Kbd>);
