"use strict";
// A box of the topology that is chosen shows its tables: routes as they are after the step that is shown, and rules.
(() => {
  const panel = () => document.getElementById("inside");
  let boxes = new Map();
  let shown = "";

  const step = () => {
    const chosen = Number(document.querySelector("[name=step]")?.value ?? 0);
    return document.getElementById(`step-${chosen || 1}`);
  };

  const named = (group) => [...group.querySelectorAll("text")].map((line) => line.textContent)[0] ?? "";

  // The tables are those of the page, copied: what was configured, and of the step the routes that hold in it.
  const tables = (keys) => {
    const here = step();
    const routes = document.getElementById(`step-${here?.dataset.routes}`);
    return keys.map((key) => [...document.querySelectorAll(".rules table"), ...(routes?.querySelectorAll("table[data-of]") ?? [])]
      .find((table) => table.dataset.of === key)).filter(Boolean).map((table) => table.cloneNode(true));
  };

  const show = (title) => {
    shown = title;
    for (const [name, { group }] of boxes) {
      group.classList.toggle("open", name === title);
      group.setAttribute("aria-expanded", String(name === title));
    }
    const box = boxes.get(title);
    const place = panel();
    if (!place) return;
    place.hidden = !box;
    if (!box) return;
    const found = tables(box.keys);
    const here = document.querySelectorAll(".step").length > 1 ? `, step ${step().id.slice(5)}: ${step().dataset.name}` : "";
    place.querySelector("h3").textContent = `${named(box.group)}${here}`;
    place.querySelector(".tables").replaceChildren(...found);
    place.dispatchEvent(new CustomEvent("netlab:inside", { bubbles: true, detail: title }));
  };

  const middle = ({ group }) => {
    const { x, y, width, height } = group.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };

  // The nearest box in a direction: what is aside counts twice.
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const next = (from, [right, down]) => {
    const [x, y] = middle(from);
    const far = (box) => {
      const [other, below] = middle(box);
      const ahead = (other - x) * right + (below - y) * down;
      return ahead > 1 ? ahead + 2 * Math.abs((other - x) * down + (below - y) * right) : Infinity;
    };
    return [...boxes.values()].reduce((best, box) => (far(box) < far(best) ? box : best), from);
  };

  const move = (to) => {
    for (const { group } of boxes.values()) group.tabIndex = -1;
    to.group.tabIndex = 0;
    to.group.focus();
  };

  const begin = () => {
    const figure = document.querySelector(".topology");
    const inside = JSON.parse(figure?.dataset.inside ?? "{}");
    boxes = new Map();
    for (const title of figure?.querySelectorAll("g.node > title") ?? []) {
      const keys = inside[title.textContent];
      if (!keys) continue;
      const group = title.parentNode;
      boxes.set(title.textContent, { group, keys });
      group.setAttribute("role", "button");
      group.setAttribute("aria-label", `${[...group.querySelectorAll("text")].map((line) => line.textContent).join(", ")}: routes and rules`);
      group.tabIndex = boxes.size === 1 ? 0 : -1;
    }
    // A picture has no buttons in it.
    if (boxes.size) figure.querySelector("svg").setAttribute("role", "group");
    panel()?.querySelector("button").addEventListener("click", () => close());
    show(shown);
  };

  const close = () => {
    const box = boxes.get(shown);
    show("");
    if (box) move(box);
  };

  const boxOf = (target) => boxes.get(target.closest?.(".topology g.node")?.querySelector("title").textContent);

  document.addEventListener("click", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    const title = box.group.querySelector("title").textContent;
    move(box);
    show(title === shown ? "" : title);
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const box = boxOf(event.target);
    if (event.key === "Escape" && shown && (box || panel().contains(event.target))) close();
    else if (box && ["Enter", " "].includes(event.key)) show(box.group.querySelector("title").textContent);
    else if (box && WAYS[event.key]) move(next(box, WAYS[event.key]));
    else return;
    event.preventDefault();
  });
  document.addEventListener("input", (event) => {
    if (event.target.name === "step" && shown) show(shown);
  });
  document.addEventListener("netlab:content", begin);
  begin();
})();
