/** The page of a command that runs a bridge: it watches the sink, and is mounted on the command's HTTP server. */
import type { Hono } from 'hono';
import type { Sent } from '../../export/observed-sink.js';
import type { Settings } from '../../settings/settings.js';
import { describeExporter } from '../../sidecar/assemble.js';
import type { PageMount } from '../../sidecar/operations.js';
import { PageFeed } from './feed.js';
import { leftOutBy } from './left-out.js';
import { createPage } from './page.js';

export class CommandPage {
  private readonly feed: PageFeed;
  private readonly uiUrl: string | undefined;

  /** @param isLive whether the spans' times are those of now */
  constructor(settings: Settings, isLive = true) {
    const leftOut = leftOutBy(settings.translate);
    this.feed = new PageFeed({ backend: describeExporter(settings), bounds: settings.page, isLive, leftOut });
    this.uiUrl = settings.traceId.uiUrl;
  }

  readonly observe = (sent: Sent): void => this.feed.observe(sent);

  readonly mount = (sources: PageMount): Hono => {
    this.feed.start(sources);
    return createPage({ feed: this.feed, uiUrl: this.uiUrl });
  };

  stop(): void {
    this.feed.stop();
  }
}
