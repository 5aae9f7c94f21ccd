import { Component, type ReactNode } from "react";
import { Failure } from "./Failure";

interface BoundaryProps {
  /** What is not there when it fails, as a sentence begins: "The page". */
  what: string;
  /** The failure is left behind: what comes is another try. */
  onLeave?: () => void;
  children: ReactNode;
}

/** Keeps a part that fails from taking the rest of the page with it: says so in its place, and tries again. */
export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentWillUnmount() {
    this.props.onLeave?.();
  }

  private readonly retry = () => {
    this.props.onLeave?.();
    this.setState({ error: null });
  };

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return <Failure what={this.props.what} error={error} retry={this.retry} />;
  }
}
