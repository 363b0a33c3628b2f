// SPDX-License-Identifier: Apache-2.0
/**
 * The examples of the public documentation. Each region between {@code @start} and {@code @end} is shown by the Javadoc
 * of the types it is about; the test around it runs it and checks what it says.
 */
package org.asgo4j.examples;
