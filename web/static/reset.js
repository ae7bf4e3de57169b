// The page "Set a new password".
import { run } from './link-page.js';
import { task } from './reset-core.js';

run(task, { title: 'Set a new password', button: 'Set my password', busy: 'Setting it…' });
