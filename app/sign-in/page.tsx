import { SignInForm } from '../../client/features/account/sign-in-form.tsx';

/** The page where a person signs in. */
export default function SignInPage() {
  return <SignInForm />;
}
