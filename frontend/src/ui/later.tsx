import { type ComponentType, use } from "react";
import { Boundary } from "./Boundary";
import { importer } from "./importer";

/** A component that is fetched when it is first shown. React's own `lazy` would keep a failure for ever. */
export function later<P extends object>(what: string, load: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> {
  const fetched = importer(load);
  // While it is shown, a failure stays one: what asked again at each drawing would ask without end.
  let shown: ReturnType<typeof fetched> | undefined;
  const forget = () => (shown = undefined);
  function Loaded(props: P) {
    const { default: Component } = use((shown ??= fetched()));
    return <Component {...props} />;
  }
  return function Later(props: P) {
    return (
      <Boundary what={what} onLeave={forget}>
        <Loaded {...props} />
      </Boundary>
    );
  };
}
