// SPDX-License-Identifier: Apache-2.0
/**
 * What the tests of several packages share: seeds, matrices with guarded surroundings, and tolerances derived from
 * sizes and the unit roundoff.
 */
package org.asgo4j.testing;
