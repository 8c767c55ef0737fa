import { expect } from '@playwright/test';
import type { BrowserContext, Locator, Page } from '@playwright/test';

/** How far a message can come once another server has it, in order. */
const ARRIVED: readonly string[] = ['stored_there', 'on_device', 'read'];

interface PersonOptions {
  readonly userId: string;
  readonly username: string;
  readonly origin: string;
  readonly context: BrowserContext;
  readonly page: Page;
}

/** A person in front of a browser: does what people do, by the names that they see. */
export class Person {
  readonly userId: string;
  readonly username: string;
  readonly origin: string;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Everything this browser asked for: URL and body of each request. */
  readonly requests: { readonly url: string; readonly body: string }[] = [];
  readonly password: string;

  constructor({ userId, username, origin, context, page }: PersonOptions) {
    this.userId = userId;
    this.username = username;
    this.origin = origin;
    this.context = context;
    this.page = page;
    this.password = `${username} walks by the quiet harbour`;
    context.on('request', (request) => this.requests.push({ url: request.url(), body: request.postData() ?? '' }));
  }

  async register(): Promise<void> {
    await this.page.goto(`${this.origin}/register`);
    await this.page.getByLabel('Username').fill(this.username);
    await this.page.getByLabel('Password', { exact: true }).fill(this.password);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await expect(this.page.getByRole('heading', { name: 'Your recovery key' })).toBeVisible({ timeout: 30_000 });
    await this.page.getByLabel('I have saved my recovery key').check();
    await this.page.getByRole('button', { name: 'Continue' }).click();
    await expect(this.page).toHaveURL(/\/chats$/);
  }

  async signIn(): Promise<void> {
    await this.page.goto(`${this.origin}/sign-in`);
    await this.page.getByLabel('Username').fill(this.username);
    await this.page.getByLabel('Password', { exact: true }).fill(this.password);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(this.page).toHaveURL(/\/chats$/, { timeout: 30_000 });
  }

  /** Starts a chat by typing addresses. */
  async startChat(...addresses: readonly string[]): Promise<void> {
    await this.page.goto(`${this.origin}/chats/new`);
    for (const [index, address] of addresses.entries()) {
      await this.page.getByLabel('Address', { exact: true }).fill(address);
      if (index === addresses.length - 1) break;
      await this.page.getByRole('button', { name: 'Add person' }).click();
      await expect(this.page.getByRole('list', { name: 'People in this chat' }).getByText(address)).toBeVisible();
    }
    await this.page.getByRole('button', { name: 'Start chat' }).click();
    await expect(this.composer()).toBeVisible({ timeout: 30_000 });
  }

  /** Opens the only chat that this person has, from the list or from the requests. */
  async openOnlyChat(list: 'Chats' | 'Requests' = 'Requests'): Promise<void> {
    await this.page.goto(`${this.origin}/${list.toLowerCase()}`);
    await this.page.getByRole('navigation', { name: list, exact: true }).getByRole('listitem').getByRole('link').first().click();
    await expect(this.page.getByRole('log')).toBeVisible();
  }

  /** Opens the only request that this person has and takes it up. */
  async acceptOnlyRequest(): Promise<void> {
    await this.openOnlyChat('Requests');
    await this.acceptOpenRequest();
  }

  /** Takes up the request that is open. */
  async acceptOpenRequest(): Promise<void> {
    const accept = this.page.getByRole('button', { name: 'Accept' });
    await accept.click();
    await expect(accept).toBeHidden();
  }

  composer(): Locator {
    return this.page.getByRole('textbox', { name: /^Message to/ });
  }

  async write(text: string): Promise<void> {
    await this.composer().fill(text);
    await this.composer().press('Enter');
  }

  /** The message of the timeline that begins with this text; its time follows in the same paragraph. */
  message(text: string): Locator {
    const paragraph = this.page.locator('p').filter({ hasText: new RegExp(`^${RegExp.escape(text)}`) });
    return this.page.getByRole('article').filter({ has: paragraph });
  }

  /** The texts of the timeline from top to bottom. */
  async texts(): Promise<readonly string[]> {
    // The paragraph with the time is the message; a name above it in groups has none.
    return this.page
      .getByRole('log')
      .getByRole('article')
      .locator('p:has(time)')
      .evaluateAll((paragraphs) => paragraphs.map((paragraph) => paragraph.firstChild?.textContent ?? ''));
  }

  /** Waits until a message has come at least this far: a recipient's browser may take it on at any moment. */
  async expectState(text: string, state: string, timeout = 15_000): Promise<void> {
    const from = ARRIVED.indexOf(state);
    const fits = from < 0 ? [state] : ARRIVED.slice(from);
    await expect(this.message(text)).toHaveAttribute('data-delivery-state', new RegExp(`^(${fits.join('|')})$`), { timeout });
  }

  /** Waits until a message is exactly this far. */
  async expectExactState(text: string, state: string): Promise<void> {
    await expect(this.message(text)).toHaveAttribute('data-delivery-state', state);
  }

  /** Closes the app; the browser keeps what it keeps. */
  async leave(): Promise<void> {
    await this.page.goto('about:blank');
  }

  /** Resolves once this browser has told its server what it has, or has read. */
  async acknowledged(): Promise<void> {
    await this.page.waitForResponse((response) => response.url().includes('conversations.acknowledge') && response.ok());
  }

  /** Turns one of the two privacy switches on or off. */
  async setPrivacy(name: 'Receipts' | 'Typing', on: boolean): Promise<void> {
    await this.page.goto(`${this.origin}/settings`);
    const saved = this.page.waitForResponse((response) => response.url().includes('account.setPrivacy') && response.ok());
    const toggle = this.page.getByRole('switch', { name });
    // It shows what the server has: the answer turns it, not the click.
    await expect(toggle).toBeChecked({ checked: !on });
    await toggle.click();
    await saved;
    await expect(toggle).toBeChecked({ checked: on });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
