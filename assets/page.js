// @ts-check
/**
 * What the page does by itself: parts of it refresh, rows of the waterfall open and close, a span shows its details. Without this script the same things are links.
 */

const REFRESH_MS = 2_000;
/** Rows that a browser still scrolls well. */
const MOST_ROWS = 5_000;
/** With so many rows below it, a row that closes forgets them; they are fetched again. */
const MANY_ROWS = 300;

/**
 * @param {string} url
 * @returns {Promise<Response>} rejects when the answer is none of success
 */
async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

/**
 * Calls again and again while somebody looks, each time after the last call has ended.
 * @param {number} ms
 * @param {() => Promise<void>} work
 */
function repeat(ms, work) {
  const again = () => setTimeout(run, ms);
  const run = async () => {
    if (document.hidden) return document.addEventListener('visibilitychange', run, { once: true });
    await work().then(
      () => showOffline(false),
      () => showOffline(true),
    );
    again();
  };
  again();
}

/** @param {boolean} isOffline */
function showOffline(isOffline) {
  const known = document.querySelector('.offline');
  if (!isOffline) return known?.remove();
  if (known !== null) return;
  const notice = document.createElement('p');
  notice.className = 'offline';
  notice.setAttribute('role', 'status');
  notice.textContent = 'The bridge does not answer; this page shows its last known state.';
  document.body.prepend(notice);
}

/**
 * Replaces the parts of the page that have changed, unless somebody is in them.
 * @param {readonly Element[]} parts each with an id
 */
function refresh(parts) {
  const shown = new Map(parts.map((part) => [part, part.innerHTML]));
  repeat(REFRESH_MS, async () => {
    const response = await get(location.href);
    // What was searched for is there by now.
    if (response.redirected) return location.assign(response.url);
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const part of parts) {
      const content = fresh.getElementById(part.id)?.innerHTML ?? '';
      if (content === shown.get(part) || isInUse(part)) continue;
      shown.set(part, content);
      const focused = focusIn(part)?.id ?? '';
      part.innerHTML = content;
      showLocalTimes(part);
      makeReachable(part);
      if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
    }
  });
}

/** @param {Element} part @returns {Element | undefined} */
function focusIn(part) {
  const { activeElement } = document;
  return activeElement !== null && part.contains(activeElement) ? activeElement : undefined;
}

/**
 * Whether a selection is in it, rows of it were opened, or the focus is in it and could not be given back.
 * @param {Element} part
 */
function isInUse(part) {
  if (part.hasAttribute('data-touched')) return true;
  const selection = getSelection();
  const isSelected = selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode);
  return isSelected || focusIn(part)?.id === '';
}

/** @param {ParentNode} within */
function showLocalTimes(within) {
  for (const time of within.querySelectorAll('time'))
    if (time.dateTime !== '') time.title = `here: ${new Date(time.dateTime).toLocaleString()}`;
}

/** The table of a trace's spans, as a tree. */
class Waterfall {
  /** @param {HTMLTableElement} table */
  constructor(table) {
    this.url = `/traces/${table.dataset['trace'] ?? ''}`;
    this.query = table.dataset['query'] ?? '';
    this.table = table;
    makeReachable(table);
    table.addEventListener('click', (event) => this.onClick(event));
    table.addEventListener('keydown', (event) => this.onKey(event));
    table.addEventListener('focusin', (event) => this.onFocus(event));
  }

  /** Another one after each refresh. */
  get body() {
    return /** @type {HTMLTableSectionElement} */ (this.table.tBodies[0]);
  }

  /** @param {MouseEvent} event */
  onClick(event) {
    const target = /** @type {Element} */ (event.target);
    const row = target.closest('tr');
    const link = target.closest('a');
    if (row === null || row.parentElement !== this.body) return;
    if (row.classList.contains('detail-row')) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    if (link === null && getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    row.focus();
    void (link?.classList.contains('toggle') ? this.toggle(row) : this.activate(row));
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const row = event.target;
    if (!(row instanceof HTMLTableRowElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    const act = this.keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act(row);
  }

  /** @type {Record<string, (row: HTMLTableRowElement) => unknown>} */
  keys = {
    ArrowDown: (row) => this.neighbour(row, 1)?.focus(),
    ArrowUp: (row) => this.neighbour(row, -1)?.focus(),
    Home: () => this.body.rows[0]?.focus(),
    End: () => this.visible().at(-1)?.focus(),
    ArrowRight: (row) => (row.ariaExpanded === 'false' ? this.toggle(row) : this.neighbour(row, 1)?.focus()),
    ArrowLeft: (row) => (row.ariaExpanded === 'true' ? this.toggle(row) : this.parentOf(row)?.focus()),
    Enter: (row) => this.activate(row),
    ' ': (row) => this.activate(row),
    Escape: (row) => this.detailOf(row)?.remove(),
  };

  /** One row at a time is in the order of tabs. @param {FocusEvent} event */
  onFocus(event) {
    const row = event.target;
    if (!(row instanceof HTMLTableRowElement)) return;
    for (const other of this.body.querySelectorAll('tr[tabindex="0"]')) other.setAttribute('tabindex', '-1');
    row.tabIndex = 0;
  }

  /** @param {HTMLTableRowElement} row */
  async activate(row) {
    this.table.setAttribute('data-touched', '');
    if (row.classList.contains('span')) return this.toggleDetail(row);
    if (row.classList.contains('more')) return this.loadMore(row);
    return this.toggle(row);
  }

  /** @param {HTMLTableRowElement} row */
  async toggle(row) {
    this.table.setAttribute('data-touched', '');
    if (row.ariaExpanded === 'true') this.close(row);
    else if (row.ariaExpanded === 'false') await this.open(row);
  }

  /** @param {HTMLTableRowElement} row */
  close(row) {
    row.ariaExpanded = 'false';
    const below = this.below(row);
    for (const other of below) {
      if (below.length > MANY_ROWS) other.remove();
      else other.hidden = true;
    }
  }

  /** @param {HTMLTableRowElement} row */
  async open(row) {
    const below = this.below(row);
    if (below.length === 0) {
      const query = `under=${row.dataset['key']}&level=${levelOf(row) + 1}`;
      if (!(await this.insert(row, `${this.url}/rows?${query}${this.query}`, this.detailOf(row) ?? row)))
        return;
    }
    row.ariaExpanded = 'true';
    let closed = Number.POSITIVE_INFINITY;
    for (const other of below) {
      const level = levelOf(other);
      if (level > closed) continue;
      const isDetail = other.classList.contains('detail-row');
      other.hidden = false;
      if (!isDetail) closed = other.ariaExpanded === 'false' ? level : Number.POSITIVE_INFINITY;
    }
  }

  /** @param {HTMLTableRowElement} row */
  async loadMore(row) {
    const query = `under=${row.dataset['key']}&level=${levelOf(row)}&from=${row.dataset['from']}`;
    if (!(await this.insert(row, `${this.url}/rows?${query}${this.query}`, row))) return;
    this.neighbour(row, 1)?.focus();
    row.remove();
  }

  /**
   * Fetches rows and puts them in their place.
   * @param {HTMLTableRowElement} row that asks for them
   * @param {string} url
   * @param {HTMLTableRowElement} after
   * @returns {Promise<boolean>} whether they are there
   */
  async insert(row, url, after) {
    if (row.ariaBusy === 'true') return false;
    row.ariaBusy = 'true';
    try {
      const response = await get(url);
      const part = document.createElement('tbody');
      part.innerHTML = await response.text();
      this.makeRoom(part.rows.length);
      after.after(...part.rows);
      return true;
    } catch {
      this.say(row, 'This trace is no longer in memory.');
      return false;
    } finally {
      row.removeAttribute('aria-busy');
    }
  }

  /** Forgets what is closed when there is too much. @param {number} coming */
  makeRoom(coming) {
    if (this.body.rows.length + coming <= MOST_ROWS) return;
    for (const row of [...this.body.rows]) if (row.hidden) row.remove();
    const open = [...this.body.rows].filter((row) => row.ariaExpanded === 'true' && row.tabIndex !== 0);
    while (this.body.rows.length + coming > MOST_ROWS && open.length > 0) {
      const row = /** @type {HTMLTableRowElement} */ (open.pop());
      const below = this.below(row);
      if (below.some((other) => other.contains(document.activeElement))) continue;
      row.ariaExpanded = 'false';
      for (const other of below) other.remove();
    }
  }

  /** @param {HTMLTableRowElement} row */
  async toggleDetail(row) {
    const known = this.detailOf(row);
    if (known !== undefined) return known.remove();
    try {
      const response = await get(`${this.url}/spans/${row.dataset['span']}?part=1`);
      const text = await response.text();
      if (this.detailOf(row) === undefined) this.addDetail(row).innerHTML = text;
    } catch {
      this.say(row, 'This trace is no longer in memory.');
    }
  }

  /** @param {HTMLTableRowElement} row @param {string} text */
  say(row, text) {
    this.detailOf(row)?.remove();
    this.addDetail(row).textContent = text;
  }

  /** @param {HTMLTableRowElement} row @returns {HTMLTableCellElement} */
  addDetail(row) {
    const detail = document.createElement('tr');
    detail.className = 'detail-row';
    detail.setAttribute('role', 'row');
    detail.ariaLevel = String(levelOf(row));
    const cell = detail.insertCell();
    cell.setAttribute('role', 'gridcell');
    cell.colSpan = 3;
    row.after(detail);
    return cell;
  }

  /** @param {HTMLTableRowElement} row @returns {HTMLTableRowElement | undefined} */
  detailOf(row) {
    const next = row.nextElementSibling;
    return next instanceof HTMLTableRowElement && next.classList.contains('detail-row') ? next : undefined;
  }

  /** Everything below a row, closed or not. @param {HTMLTableRowElement} row @returns {HTMLTableRowElement[]} */
  below(row) {
    const rows = [];
    const own = this.detailOf(row) ?? row;
    for (
      let next = own.nextElementSibling;
      next instanceof HTMLTableRowElement;
      next = next.nextElementSibling
    ) {
      if (levelOf(next) <= levelOf(row)) break;
      rows.push(next);
    }
    return rows;
  }

  /** @param {HTMLTableRowElement} row @returns {HTMLTableRowElement | undefined} */
  parentOf(row) {
    let before = row.previousElementSibling;
    while (before instanceof HTMLTableRowElement && levelOf(before) >= levelOf(row))
      before = before.previousElementSibling;
    return before instanceof HTMLTableRowElement ? before : undefined;
  }

  /** @param {HTMLTableRowElement} row @param {1 | -1} step @returns {HTMLTableRowElement | undefined} */
  neighbour(row, step) {
    const next = (/** @type {Element} */ of) =>
      step > 0 ? of.nextElementSibling : of.previousElementSibling;
    let other = next(row);
    while (other instanceof HTMLTableRowElement && (other.hidden || other.classList.contains('detail-row')))
      other = next(other);
    return other instanceof HTMLTableRowElement ? other : undefined;
  }

  /** @returns {HTMLTableRowElement[]} */
  visible() {
    return [...this.body.rows].filter((row) => !row.hidden && !row.classList.contains('detail-row'));
  }
}

/** The first row of a waterfall is in the order of tabs. @param {Element} table */
function makeReachable(table) {
  if (table instanceof HTMLTableElement) table.tBodies[0]?.rows[0]?.setAttribute('tabindex', '0');
}

/** @param {HTMLTableRowElement} row @returns {number} */
function levelOf(row) {
  return Number(row.ariaLevel ?? 1);
}

const parts = [...document.querySelectorAll('[data-refresh]')];
if (parts.length > 0) refresh(parts);
for (const table of document.querySelectorAll('table'))
  if (table.classList.contains('waterfall')) new Waterfall(table);
showLocalTimes(document);
