// The page "Verify your email".
import { run } from './link-page.js';
import { task } from './verify-core.js';

run(task, { title: 'Verify your email', button: 'Verify my email', busy: 'Verifying…' });
