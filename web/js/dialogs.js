// Questions: forms of the machine, and yes or no.

const $ = (id) => document.getElementById(id);
let settle = null;

/** Show a form and give the answers, or null if it was cancelled. */
export function ask({ title, instruction, fields }) {
  settle?.(null);
  const dialog = $("prompt");
  $("prompt-title").textContent = title;
  $("prompt-text").textContent = instruction;
  $("prompt-text").hidden = !instruction;
  const inputs = fields.map((f, i) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    label.textContent = f.label;
    label.htmlFor = input.id = `prompt-${i}`;
    input.type = f.echo ? "text" : "password";
    input.autocomplete = { username: "username", password: "current-password", "one-time-code": "one-time-code" }[f.name] ?? "off";
    input.autocapitalize = "off";
    input.spellcheck = false;
    return [label, input];
  });
  $("prompt-fields").replaceChildren(...inputs.flat());
  return new Promise((resolve) => {
    settle = (values) => {
      settle = null;
      dialog.close();
      $("prompt-fields").replaceChildren(); // secrets do not stay in the page
      resolve(values);
    };
    $("prompt-form").onsubmit = (e) => {
      e.preventDefault();
      settle?.(inputs.map(([, input]) => input.value));
    };
    $("prompt-cancel").onclick = () => settle?.(null);
    dialog.oncancel = (e) => {
      e.preventDefault();
      settle?.(null);
    };
    if (!dialog.open) dialog.showModal();
    inputs[0]?.[1].focus();
  });
}

/** Take a form away without an answer: the machine does not wait any more. */
export function promptGone() {
  settle = null;
  $("prompt").close();
  $("prompt-fields").replaceChildren();
}

/**
 * Ask yes or no about a text. A question that a program has raised is careful: it
 * may come while the person is typing, so Return must not be a yes.
 */
export function confirm({ title, text, yes, why, careful }) {
  const dialog = $("question");
  if (dialog.open) dialog.close("no"); // the question before is answered by no
  $("question-title").textContent = title;
  $("question-why").textContent = why ?? "";
  $("question-why").hidden = !why;
  $("question-text").textContent = text ?? "";
  $("question-text").hidden = !text;
  $("question-yes").textContent = yes;
  dialog.returnValue = "no";
  return new Promise((resolve) => {
    const closed = () => {
      dialog.removeEventListener("close", closed);
      resolve(dialog.returnValue === "yes");
    };
    dialog.addEventListener("close", closed);
    dialog.showModal();
    $(careful ? "question-no" : "question-yes").focus();
  });
}
