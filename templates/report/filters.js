"use strict";
// What is shown of the matrices: one step or all, machines of a place, a verdict, a protocol. Paper has what is shown.
(() => {
  const PROTOCOLS = ["icmp", "udp", "tcp"];
  const MARKS = { y: "yes", n: "no", F: "FAIL" };
  const WORDS = { yes: "reached", no: "not reached", FAIL: "not as expected" };
  const NOTHING = { step: 0, from: "", to: "", verdict: "", protocol: "" };
  const state = { ...NOTHING };

  // For each step its section and its cells, each with its pair, its place in the table, and its marks by protocol.
  let steps = [];
  let controls = null;

  const read = (section) => {
    const cells = [...section.querySelectorAll(".cells tbody a")].map((link) => {
      const td = link.closest("td");
      const details = document.getElementById(link.hash.slice(1)).closest("details");
      const { source, target } = details.dataset;
      const mark = td.classList[0], changed = td.classList.contains("changed");
      return { link, td, details, source, target, mark, changed, key: `${source} ${target}`, row: td.parentNode,
        column: td.cellIndex, label: link.getAttribute("aria-label"), look: ["", mark, changed].join() };
    });
    return { section, cells, byPair: new Map(cells.map((cell) => [cell.key, cell])) };
  };

  // All protocols of a pair that is reached, or not, fare alike; of another one the page says how each fares.
  const markOf = ({ mark, td }) =>
    state.protocol && td.dataset.marks ? MARKS[td.dataset.marks[PROTOCOLS.indexOf(state.protocol)]] : mark;

  const changedOf = (cell, before) => {
    if (!state.protocol) return cell.changed;
    const was = before?.byPair.get(cell.key);
    return was !== undefined && markOf(was) !== markOf(cell);
  };

  const isWanted = ({ source, target }, mark, changed, places) =>
    (!state.from || places[source] === state.from) && (!state.to || places[target] === state.to)
    && (!state.verdict || (state.verdict === "changed" ? changed : mark === state.verdict));

  // A cell by one protocol: its mark, its word for the ear, its squares.
  const paint = ({ link, td, label, source, target }, mark, changed) => {
    td.classList.remove("yes", "no", "mixed", "FAIL");
    td.classList.add(mark);
    td.classList.toggle("changed", changed);
    link.querySelector("b").textContent = mark;
    const now = `${source} to ${target}, ${state.protocol}: ${WORDS[mark]}${changed ? "; changed since the step before" : ""}; ${mark}`;
    link.setAttribute("aria-label", state.protocol ? now : label);
    const squares = [...td.querySelectorAll(".o")];
    squares.forEach((square, index) => {
      square.hidden = state.protocol !== "" && Math.floor(index * 3 / squares.length) !== PROTOCOLS.indexOf(state.protocol);
    });
  };

  // Rows and columns without any cell that is wanted go; one cell that is there stays in the tab order.
  const fold = (step, filtered, wanted) => {
    const table = step.section.querySelector(".cells");
    if (!table) return;
    const rows = new Set(), columns = new Set();
    for (const cell of wanted) { rows.add(cell.row); columns.add(cell.column); }
    for (const row of table.tBodies[0].rows) row.hidden = filtered && !rows.has(row);
    for (const row of table.rows)
      for (const cell of [...row.cells].slice(1)) cell.hidden = filtered && !columns.has(cell.cellIndex);
    const stop = wanted.find(({ link }) => link.tabIndex === 0) ?? wanted[0];
    for (const { link } of step.cells) link.tabIndex = link === stop?.link ? 0 : -1;
    step.section.querySelector(".none").hidden = wanted.length > 0;
  };

  const says = (shown, all) => {
    const { step, from, to, verdict, protocol } = state;
    const words = [step && `step ${step}`, from && `from ${from}`, to && `to ${to}`,
      verdict && controls.querySelector(`[name=verdict] [value=${verdict}]`).textContent, protocol].filter(Boolean);
    return words.length ? `Shown: ${words.join(", ")}: ${shown} of ${all} cells.` : "";
  };

  const apply = () => {
    if (!controls) return;
    const places = JSON.parse(controls.dataset.places);
    const filtered = Boolean(state.from || state.to || state.verdict || state.protocol);
    let shown = 0, all = 0;
    steps.forEach((step, index) => {
      step.section.hidden = state.step > 0 && state.step !== index + 1;
      const wanted = [];
      for (const cell of step.cells) {
        const mark = markOf(cell), changed = changedOf(cell, steps[index - 1]);
        const is = isWanted(cell, mark, changed, places);
        const look = [state.protocol, mark, changed].join();
        if (look !== cell.look) paint(cell, mark, changed);
        cell.look = look;
        cell.td.classList.toggle("out", !is);
        cell.details.hidden = !is;
        if (is) wanted.push(cell);
      }
      fold(step, filtered, wanted);
      all += step.cells.length;
      if (!step.section.hidden) shown += wanted.length;
    });
    for (const [name, value] of Object.entries(state)) {
      const control = controls.querySelector(`[name=${name}]`);
      if (control) control.value = value;
    }
    const slider = controls.querySelector("[name=step]");
    const name = state.step ? `${state.step}. ${steps[state.step - 1].section.dataset.name}` : "all steps";
    if (slider) {
      slider.setAttribute("aria-valuetext", name);
      controls.querySelector(".at").textContent = name;
    }
    const one = state.step ? steps[state.step - 1] : steps.length === 1 ? steps[0] : null;
    broken(one ? JSON.parse(one.section.dataset.broken) : []);
    document.querySelector(".shown").textContent = says(shown, all);
  };

  // What carries nothing in the step, and what its checks name, is red on the topology.
  const broken = (titles) => {
    for (const title of document.querySelectorAll(".topology g > title"))
      title.parentNode.classList.toggle("broken", titles.includes(title.textContent));
  };

  // Another step shows the pair that was chosen, and what is no longer there is not chosen any more.
  const change = (some) => {
    const chosen = steps.filter(({ section }) => !section.hidden).flatMap(({ cells }) => cells)
      .filter(({ details }) => details.classList.contains("chosen"));
    Object.assign(state, some);
    apply();
    const again = chosen.map((cell) => (state.step ? steps[state.step - 1].byPair.get(cell.key) : cell));
    const detail = again.filter((cell) => cell && !cell.details.hidden)
      .map(({ td, source, target }) => ({ step: td.closest(".step").id, source, target }));
    document.dispatchEvent(new CustomEvent("netlab:choose", { detail }));
  };

  const begin = () => {
    steps = [...document.querySelectorAll(".step")].map(read);
    controls = document.querySelector(".filters");
    if (!controls) return;
    // Of another content another place or step may be gone.
    for (const name of ["from", "to"])
      if (![...controls.querySelector(`[name=${name}]`).options].some(({ value }) => value === state[name])) state[name] = "";
    if (state.step > steps.length) state.step = 0;
    controls.addEventListener("input", ({ target }) =>
      change({ [target.name]: target.name === "step" ? Number(target.value) : target.value }));
    controls.querySelector("button").addEventListener("click", () => change(NOTHING));
    apply();
  };

  // A link to what is not shown shows it: the step of the link, and everything if a filter hides the cell.
  const follow = () => {
    const place = document.getElementById(location.hash.slice(1));
    const step = steps.findIndex(({ section }) => place && section.contains(place));
    if (step < 0) return;
    const hidden = steps[step].section.hidden;
    const out = place.closest("details[hidden]") !== null;
    if (hidden || out) change({ ...(out ? NOTHING : {}), step: hidden ? step + 1 : state.step });
  };

  document.addEventListener("netlab:content", begin);
  document.addEventListener("netlab:follow", follow);
  begin();
})();
