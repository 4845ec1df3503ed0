import { api, h } from './dom.js';

let settings;

/** Whether the gateway lets the console change anything; asked for once. */
export async function mayDecide() {
  settings ??= api('/console/settings').catch((error) => {
    settings = undefined;
    throw error;
  });
  return (await settings).mayDecide;
}

/** Sends a change. The header shows the gateway that a page of its own asks. @throws ApiError */
export function decide(path, body = {}) {
  return api(path, { method: 'POST', body, headers: { 'x-tributary-console': '1' } });
}

/**
 * A button that asks once more before it changes anything.
 * @param work returns a promise of what to say when it is done
 */
export function decisionButton(label, question, work) {
  const status = h('span', { role: 'status' });
  const choice = h('span', { class: 'choice' });
  const ask = h('button', { type: 'button', onclick: open }, label);
  const close = () => {
    choice.replaceChildren(ask);
    ask.focus();
  };
  function open() {
    const yes = h('button', { type: 'button', class: 'firm', onclick: go }, 'Yes');
    const no = h('button', { type: 'button', onclick: close }, 'No');
    choice.replaceChildren(h('span', {}, `${question} `), yes, no);
    yes.focus();
  }
  async function go() {
    close();
    ask.disabled = true;
    status.className = 'quiet';
    status.textContent = ' …';
    try {
      status.textContent = ` ${await work()}`;
      status.className = 'good';
    } catch (error) {
      status.textContent = ` ${error.message}`;
      status.className = 'bad';
    }
    ask.disabled = false;
  }
  choice.append(ask);
  return h('span', { class: 'decision' }, choice, status);
}
