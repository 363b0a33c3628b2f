// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/**
 * Leaves in a POM what those who depend on it need, and checks that all is there which Maven Central asks for
 * (central.sonatype.org, "Component metadata"). Profiles for an operating system stay: they choose its natives.
 *
 * <p>Run by {@code mvn -Prelease} as a program of one file, on {@code target/published-pom.xml}, which it overwrites.
 */
final class PublishedPom {
    private static final List<String> NOT_FOR_USERS = List.of(
            "/project/profiles/profile[not(activation/os)]",
            "/project/dependencies/dependency[scope='test']",
            "/project/properties/*[starts-with(name(), 'source.')]",
            "/project/build",
            "//comment()");
    private static final List<String> REQUIRED = List.of(
            "groupId", "artifactId", "version", "name", "description", "url",
            "licenses/license/name", "licenses/license/url",
            "developers/developer/name", "developers/developer/url",
            "scm/connection", "scm/developerConnection", "scm/url");
    private static final String INDENT = "4";
    private static final Pattern EXPRESSION = Pattern.compile("\\$\\{([^}]+)}");

    private final Document pom;

    private PublishedPom(Document pom) {
        this.pom = pom;
    }

    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]);
        try {
            Files.writeString(file, of(Files.readString(file)));
        } catch (IllegalArgumentException e) {
            System.err.println(file + ": " + e.getMessage());
            System.exit(1);
        }
    }

    /**
     * What is published of a POM.
     *
     * @throws IllegalArgumentException if Central would refuse it; the message says all that is wrong
     */
    static String of(String text) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        var published = new PublishedPom(factory.newDocumentBuilder().parse(new InputSource(new StringReader(text))));
        for (String path : NOT_FOR_USERS) published.remove(path);
        published.removeUnusedProperties();
        List<String> wrong = published.wrong();
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("not fit for Maven Central: " + String.join("; ", wrong));
        }
        return published.text();
    }

    private void remove(String path) throws Exception {
        for (Node node : nodes(path)) node.getParentNode().removeChild(node);
    }

    /** Until nothing goes: properties name properties. */
    private void removeUnusedProperties() throws Exception {
        boolean removed = true;
        while (removed) {
            removed = false;
            List<String> used = expressions();
            for (Node property : nodes("/project/properties/*|/project/profiles/profile/properties/*")) {
                if (used.contains(property.getNodeName())) continue;
                property.getParentNode().removeChild(property);
                removed = true;
            }
        }
    }

    private List<String> wrong() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (String path : REQUIRED) {
            List<Node> found = nodes("/project/" + path);
            if (found.isEmpty()) wrong.add("no " + path);
            for (Node node : found) {
                if (node.getTextContent().isBlank() || node.getTextContent().contains("${")) {
                    wrong.add("%s is '%s'".formatted(path, node.getTextContent()));
                }
            }
        }
        for (Node version : nodes("//version")) {
            if (version.getTextContent().endsWith("-SNAPSHOT")) wrong.add("version " + version.getTextContent());
        }
        for (Node dependency : nodes("//dependency[not(version)]")) {
            wrong.add("no version of " + dependency.getTextContent().strip().replaceAll("\\s+", ":"));
        }
        for (String name : expressions()) {
            if (nodes("/project/properties/*[name()='%s']".formatted(name)).isEmpty()) {
                wrong.add("no property " + name);
            }
        }
        return wrong;
    }

    /** What is named as ${…} anywhere. */
    private List<String> expressions() {
        return EXPRESSION.matcher(pom.getDocumentElement().getTextContent()).results()
                .map(match -> match.group(1)).distinct().toList();
    }

    private List<Node> nodes(String path) throws Exception {
        var found = (NodeList) XPathFactory.newInstance().newXPath().evaluate(path, pom, XPathConstants.NODESET);
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) nodes.add(found.item(i));
        return nodes;
    }

    private String text() throws Exception {
        pom.normalize();
        remove("//text()[normalize-space()='']");
        var transformer = TransformerFactory.newInstance().newTransformer();
        transformer.setOutputProperty(OutputKeys.INDENT, "yes");
        transformer.setOutputProperty("{http://xml.apache.org/xslt}indent-amount", INDENT);
        var text = new StringWriter();
        transformer.transform(new DOMSource(pom), new StreamResult(text));
        return text.toString().replace("\r\n", "\n");
    }
}
