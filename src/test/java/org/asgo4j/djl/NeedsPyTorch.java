// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A test of DJL's PyTorch engine. */
@DisabledOnOs(value = OS.MAC, architectures = "x86_64", disabledReason = "no PyTorch 2.7 is built for Intel Macs")
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface NeedsPyTorch {}
