import { SettingsScreen } from '../../../client/features/account/settings-screen.tsx';

/** The settings of account and browser. */
export default function SettingsPage() {
  return <SettingsScreen />;
}
