import { RegisterForm } from '../../client/features/account/register-form.tsx';

/** The page where an account is made. */
export default function RegisterPage() {
  return <RegisterForm />;
}
