// SPDX-License-Identifier: Apache-2.0
/**
 * Other engines' tensors as weights and gradients. The engines weigh 273 MiB, so these tests are no part of the build
 * and are run by hand: {@code mvn -Pembedding test -Dtest='org.asgo4j.embedding.*Test'}.
 */
package org.asgo4j.embedding;
