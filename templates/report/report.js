"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const detailsOf = (link) => document.getElementById(link.hash.slice(1)).closest("details");

  // Graphviz writes of each box, frame and line what it is into a title; two lines may have the same.
  let titles = [];
  const mark = (name, ...classes) => {
    for (const title of titles) if (title.textContent === name) title.parentNode.classList.add(...classes);
  };

  // What a pair's packets passed lights up in the topology, which then stays in view; where one died is marked.
  const lightUp = (details) => {
    for (const lit of document.querySelectorAll(".topology .lit")) lit.classList.remove("lit", "died");
    const ways = details ? [...details.querySelectorAll("[data-lights]")] : [];
    for (const way of ways) {
      for (const name of JSON.parse(way.dataset.lights)) mark(name, "lit");
      if (way.dataset.died) mark(JSON.parse(way.dataset.died), "lit", "died");
    }
    root.classList.toggle("following", ways.length > 0);
    if (ways.length) bring(document.querySelector(".topology"), JSON.parse(ways[0].dataset.lights)[0]);
  };

  // A drawing that is bigger than its place scrolls to what is lit in it; where that is bigger, too, to its first box.
  const bring = (figure, first) => {
    const frame = figure.getBoundingClientRect();
    const spread = (boxes) => {
      const edge = (side, pick) => pick(...boxes.map((box) => box[side]));
      return { x: edge("left", Math.min), y: edge("top", Math.min), right: edge("right", Math.max), bottom: edge("bottom", Math.max) };
    };
    const boxes = [...figure.querySelectorAll(".lit")].map((lit) => lit.getBoundingClientRect());
    const source = titles.find((title) => title.textContent === first)?.parentNode.getBoundingClientRect();
    if (!source) return;
    const all = spread(boxes), one = spread([source]);
    const [x, right] = all.right - all.x > frame.width ? [one.x, one.right] : [all.x, all.right];
    const [y, bottom] = all.bottom - all.y > frame.height ? [one.y, one.bottom] : [all.y, all.bottom];
    figure.scrollBy((x + right) / 2 - frame.x - frame.width / 2, (y + bottom) / 2 - frame.y - frame.height / 2);
  };

  const choose = (link, on, still = false) => {
    const step = link.closest(".step");
    for (const details of step.querySelectorAll(".pairs > details")) {
      details.classList.remove("chosen");
      details.open = false;
    }
    for (const cell of step.querySelectorAll("[aria-selected=true]")) cell.setAttribute("aria-selected", "false");
    if (on) {
      detailsOf(link).classList.add("chosen");
      detailsOf(link).open = true;
      // Where it is wider than the window, the keyboard scrolls it.
      const pair = detailsOf(link).querySelector(".pair");
      if (pair.scrollWidth > pair.clientWidth) pair.tabIndex = 0;
      link.closest("td").setAttribute("aria-selected", "true");
    }
    lightUp(on ? detailsOf(link) : null);
    if (on) detailsOf(link).dispatchEvent(new CustomEvent("netlab:chosen", { bubbles: true }));
    if (still) return;
    // Below the topology, which has become smaller.
    if (on) link.closest(".matrix").scrollIntoView({ block: "start" });
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
    history.replaceState(null, "", on ? link.hash : "#" + step.id);
  };

  // A grid as WAI-ARIA describes it: one cell is in the tab order, the arrow keys move among the cells.
  const move = (from, to) => {
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  // Whether no filter has taken a cell away.
  const isThere = (cell) => !cell.matches(".out") && !cell.closest("[hidden]");

  // The next cell in a direction; a node does not ask itself, so the diagonal is stepped over.
  const next = (table, link, [down, right]) => {
    let row = link.closest("tr").rowIndex + down;
    let column = link.closest("td").cellIndex + right;
    while (row > 0 && column > 0 && table.rows[row] && table.rows[row].cells[column]) {
      const cell = table.rows[row].cells[column];
      const found = cell.querySelector("a");
      if (found && isThere(cell)) return found;
      row += down;
      column += right;
    }
    return null;
  };

  const prepare = (table) => {
    const links = [...table.querySelectorAll("a")];
    table.setAttribute("role", "grid");
    for (const row of table.rows) row.setAttribute("role", "row");
    for (const cell of table.querySelectorAll("td")) cell.setAttribute("role", "gridcell");
    for (const cell of table.querySelectorAll("th")) cell.setAttribute("role", cell.scope === "row" ? "rowheader" : "columnheader");
    links.forEach((link, index) => {
      link.tabIndex = index ? -1 : 0;
      link.closest("td").setAttribute("aria-selected", "false");
    });
    table.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link) return;
      event.preventDefault();
      move(table.querySelector("a[tabindex='0']"), link);
      choose(link, link.closest("td").getAttribute("aria-selected") !== "true");
    });
    table.addEventListener("keydown", (event) => {
      const link = event.target.closest("a");
      if (!link || event.altKey || event.ctrlKey || event.metaKey) return;
      const inRow = links.filter((other) => other.closest("tr") === link.closest("tr") && isThere(other.closest("td")));
      const to = { Home: inRow[0], End: inRow[inRow.length - 1] }[event.key]
        || (STEPS[event.key] && next(table, link, STEPS[event.key]));
      if (to) move(link, to);
      else if (event.key === " ") link.click();
      else if (event.key === "Escape") choose(link, false);
      else if (!STEPS[event.key]) return;
      event.preventDefault();
    });
  };

  // A link to a cell, from the story or from outside, chooses it.
  const follow = () => {
    document.dispatchEvent(new Event("netlab:follow"));
    const link = [...document.querySelectorAll(".cells a")].find((cell) => cell.hash === location.hash);
    if (!link) return;
    choose(link, true);
  };

  // What is made anew where there is another content: on a live page, whenever something has changed.
  const begin = () => {
    titles = [...document.querySelectorAll(".topology g > title")];
    for (const table of document.querySelectorAll(".cells")) prepare(table);
  };
  const chooseAgain = (pairs) => {
    lightUp(null);
    for (const { step, source, target } of pairs) {
      const same = [...document.querySelectorAll(`#${step} .pairs > details`)]
        .find((details) => details.dataset.source === source && details.dataset.target === target);
      if (same) choose(document.querySelector(`#${step} .cells a[href="#${same.querySelector(".pair").id}"]`), true, true);
    }
  };
  document.addEventListener("netlab:content", (event) => {
    begin();
    chooseAgain(event.detail);
  });
  document.addEventListener("netlab:choose", (event) => {
    for (const link of document.querySelectorAll(".cells [aria-selected=true] a")) choose(link, false, true);
    chooseAgain(event.detail);
  });
  begin();
  addEventListener("hashchange", follow);
  follow();
  // The browser itself goes to the place of the link, too, when all is there.
  addEventListener("load", () => setTimeout(follow));

  const all = () => document.getElementById("everything")?.checked ?? false;
  document.addEventListener("change", () => root.classList.toggle("everything", all()));

  // For browsers without ::details-content (Firefox before 143, Safari before 18.4): paper has no closed ones.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll(all() ? "details:not([open])" : "details:not([open], .usual)")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
