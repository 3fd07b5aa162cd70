// SPDX-License-Identifier: MIT
// For CI: the tip of a branch, every night.
//   busyguest run follow --set source=git+https://HOST/linux.git#master
import { nightly, type Generator } from 'busyguest/generators';

const follow: Generator = ({ source = [], device }) => {
  if (source.length !== 1) throw new Error('say what to follow: --set source=git+URL#BRANCH');
  return nightly({ source: source.join(), ...(device && { devices: device }) });
};
export default follow;
