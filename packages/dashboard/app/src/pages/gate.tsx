import type { ComponentChildren, JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { ApiProblem } from "../api/client.ts";
import { logIn, session, setPassword } from "../session.ts";
import { Icon } from "../ui/icons.tsx";
import { Field } from "../ui/parts.tsx";

const PASSWORD_MIN = 12;
const PASSWORD_MAX = 200;

/** What stands in front of the console until somebody is signed in: the one-time token, the first password, or the password. */
export function Gate(): JSX.Element | null {
  const known = session.value;
  if (known === undefined) return null;
  if (known.kind === "outer") {
    return (
      <GateBox title="You are not signed in">
        <p class="muted">The application in front of this console says who you are, and it has not named anybody.</p>
        <button type="button" class="button button-main" onClick={() => location.reload()}>
          Try again
        </button>
      </GateBox>
    );
  }
  if (known.needsPassword) return <FirstPassword />;
  return <SignIn isFirst={known.needsToken} />;
}

const GateBox = (props: { readonly title: string; readonly children: ComponentChildren }): JSX.Element => (
  <main class="gate">
    <div class="gate-box">
      <div class="brand">
        <Icon name="shield" size={24} />
        AIWAF
      </div>
      <div class="card">
        <div class="card-body stack">
          <h1>{props.title}</h1>
          {props.children}
        </div>
      </div>
    </div>
  </main>
);

/** What a form of this page says when it was refused. */
function useSubmit(act: () => Promise<void>): {
  readonly failure: string;
  readonly isBusy: boolean;
  readonly submit: (event: Event) => Promise<void>;
} {
  const [failure, setFailure] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setFailure("");
    try {
      await act();
    } catch (error) {
      setFailure(error instanceof ApiProblem ? error.message : error instanceof Error ? error.message : "That did not work.");
      setBusy(false);
    }
  };
  return { failure, isBusy, submit };
}

function SignIn({ isFirst }: { readonly isFirst: boolean }): JSX.Element {
  const [secret, setSecret] = useState("");
  const errorId = useId();
  const { failure, isBusy, submit } = useSubmit(() => logIn(isFirst ? { token: secret.trim() } : { password: secret }));
  return (
    <GateBox title={isFirst ? "First sign-in" : "Sign in"}>
      <p class="muted">
        {isFirst ? "Enter the one-time token that the firewall printed when it started." : "Enter the password of this console."}
      </p>
      <form class="stack" onSubmit={submit}>
        {!isFirst && <input type="text" name="username" autocomplete="username" value="operator" readOnly hidden />}
        <Field label={isFirst ? "One-time token" : "Password"}>
          {(id) => (
            <input
              id={id}
              class="input"
              type="password"
              required
              maxLength={512}
              autocomplete={isFirst ? "one-time-code" : "current-password"}
              value={secret}
              aria-invalid={failure !== ""}
              aria-describedby={failure === "" ? undefined : errorId}
              onInput={(event) => setSecret(event.currentTarget.value)}
            />
          )}
        </Field>
        <Failure id={errorId} text={failure} />
        <button type="submit" class="button button-main" disabled={isBusy}>
          {isBusy ? "One moment…" : "Sign in"}
        </button>
      </form>
    </GateBox>
  );
}

function FirstPassword(): JSX.Element {
  const [password, setText] = useState("");
  const [again, setAgain] = useState("");
  const errorId = useId();
  const { failure, isBusy, submit } = useSubmit(async () => {
    if (password !== again) throw new Error("The two passwords differ.");
    await setPassword({ password });
  });
  return (
    <GateBox title="Choose a password">
      <p class="muted">The token is used up now. From here on this console asks for the password, of at least {PASSWORD_MIN} characters.</p>
      <form class="stack" onSubmit={submit}>
        <input type="text" name="username" autocomplete="username" value="operator" readOnly hidden />
        <PasswordField label="Password" value={password} set={setText} errorId={failure === "" ? undefined : errorId} />
        <PasswordField label="The same again" value={again} set={setAgain} errorId={failure === "" ? undefined : errorId} />
        <Failure id={errorId} text={failure} />
        <button type="submit" class="button button-main" disabled={isBusy}>
          {isBusy ? "One moment…" : "Set password"}
        </button>
      </form>
    </GateBox>
  );
}

const PasswordField = (props: {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly errorId: string | undefined;
}): JSX.Element => (
  <Field label={props.label}>
    {(id) => (
      <input
        id={id}
        class="input"
        type="password"
        required
        minLength={PASSWORD_MIN}
        maxLength={PASSWORD_MAX}
        autocomplete="new-password"
        value={props.value}
        aria-invalid={props.errorId !== undefined}
        aria-describedby={props.errorId}
        onInput={(event) => props.set(event.currentTarget.value)}
      />
    )}
  </Field>
);

const Failure = ({ id, text }: { readonly id: string; readonly text: string }): JSX.Element | null =>
  text === "" ? null : (
    <p id={id} class="problem" role="alert">
      {text}
    </p>
  );
