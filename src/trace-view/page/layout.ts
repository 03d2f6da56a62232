/** What every page has round its content. */
import { html } from 'hono/html';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../../version.js';
import { assetUrl } from './assets.js';

/** What `html` makes: text that is escaped already. */
export type Html = ReturnType<typeof html>;

export interface Shell {
  /** Of the document; the program's name follows. */
  readonly title: string;
  readonly content: Html;
  /** Whether the page is fetched again every few seconds where there is no script. @default false */
  readonly refreshes?: boolean;
}

export function layout({ title, content, refreshes = false }: Shell): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refreshes ? html`<noscript><meta http-equiv="refresh" content="5"></noscript>` : ''}
<title>${title} · ${PACKAGE_NAME}</title>
<link rel="icon" href="${assetUrl('page.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrl('page.css')}">
<script src="${assetUrl('page.js')}" type="module"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="${assetUrl('page.svg')}" alt="" width="24" height="24">${PACKAGE_NAME}</a>
<span class="version">${PACKAGE_VERSION}</span>
<nav aria-label="For machines"><a href="/readyz">ready</a> <a href="/metrics">metrics</a></nav>
</header>
<main id="content">
${content}
</main>
</body>
</html>
`;
}

/** A page that says no more than one thing. */
export function message(title: string, text: Html): Html {
  return layout({
    title,
    content: html`<section class="message"><h1>${title}</h1><p>${text}</p><p><a href="/">Recent traces</a></p></section>`,
  });
}
