// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.Locale;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Dasgo;
import org.asgo4j.optim.DasgoConfig;
import org.asgo4j.optim.Lion;
import org.asgo4j.optim.LionConfig;
import org.asgo4j.optim.Muon;
import org.asgo4j.optim.MuonConfig;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.Sgd;
import org.asgo4j.optim.SgdConfig;
import org.asgo4j.optim.Shampoo;
import org.asgo4j.optim.ShampooConfig;
import org.asgo4j.optim.Soap;
import org.asgo4j.optim.SoapConfig;

/** The rules whose memory and growth are measured, each as the library configures it unless said otherwise. */
public enum MeasuredRule {
    /** ASGO's defaults. */
    ASGO(new Asgo(AsgoConfig.defaults())),
    /** ASGO's defaults but for the root, which is taken at every tenth step. */
    ASGO_TENTH(new Asgo(AsgoConfig.defaults().withRefreshInterval(10))),
    /** ASGO as published. */
    ASGO_PUBLISHED(new Asgo(AsgoConfig.published())),
    /** DASGO as published. */
    DASGO(new Dasgo(DasgoConfig.published())),
    /** Muon as published. */
    MUON(new Muon(MuonConfig.published())),
    /** Two-sided Shampoo as published. */
    SHAMPOO(new Shampoo(ShampooConfig.published())),
    /** SOAP as published. */
    SOAP(new Soap(SoapConfig.published())),
    /** AdamW. */
    ADAMW(new AdamW(AdamWConfig.published())),
    /** Stochastic gradient descent with momentum. */
    SGD(new Sgd(SgdConfig.common())),
    /** Lion. */
    LION(new Lion(LionConfig.published()));

    private final Rule rule;

    MeasuredRule(Rule rule) {
        this.rule = rule;
    }

    /** The rule itself, which has no state. */
    public Rule rule() {
        return rule;
    }

    /** What tables and pictures call it. */
    public String label() {
        return switch (this) {
            case ASGO_TENTH -> "asgo, a root every 10 steps";
            case ASGO_PUBLISHED -> "asgo-published";
            default -> name().toLowerCase(Locale.ROOT);
        };
    }
}
