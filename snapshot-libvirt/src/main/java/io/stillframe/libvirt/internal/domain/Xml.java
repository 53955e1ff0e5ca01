package io.stillframe.libvirt.internal.domain;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** Reads, walks and writes XML. Document types and external entities are refused: a definition is data, also when it was stored. */
public final class Xml {
    private Xml() {}

    /**
     * Parses a document.
     *
     * @param what what it is, for the error
     * @throws SnapshotException INVALID if it is not well-formed or declares a document type
     */
    public static Document parse(String what, String text) {
        try {
            return builder().parse(new InputSource(new StringReader(text)));
        } catch (SAXException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, what + " is no XML that can be used: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
    }

    /** A new document with a root element of that name. */
    public static Element newRoot(String name) {
        Document document = builder().newDocument();
        Element root = document.createElement(name);
        document.appendChild(root);
        return root;
    }

    /** The text of a node and all below it, without declaration. */
    public static String print(Node node) {
        try {
            TransformerFactory factory = TransformerFactory.newInstance();
            factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
            factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_STYLESHEET, "");
            Transformer transformer = factory.newTransformer();
            transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
            StringWriter text = new StringWriter();
            transformer.transform(new DOMSource(node), new StreamResult(text));
            return text.toString();
        } catch (TransformerException e) {
            throw new IllegalStateException("writing XML to memory failed", e);
        }
    }

    /** The children of that name, in order. */
    public static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node each = parent.getFirstChild(); each != null; each = each.getNextSibling()) {
            if (each instanceof Element element && element.getTagName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }

    /** All children that are elements, in order. */
    public static List<Element> children(Element parent) {
        List<Element> found = new ArrayList<>();
        for (Node each = parent.getFirstChild(); each != null; each = each.getNextSibling()) {
            if (each instanceof Element element) {
                found.add(element);
            }
        }
        return found;
    }

    /** The first child of that name. */
    public static Optional<Element> child(Element parent, String name) {
        return children(parent, name).stream().findFirst();
    }

    /** The element at the end of a path of first children. */
    public static Optional<Element> at(Element parent, String... path) {
        Optional<Element> found = Optional.of(parent);
        for (String name : path) {
            found = found.flatMap(element -> child(element, name));
        }
        return found;
    }

    /** An attribute's value, empty if it is not there or empty. */
    public static Optional<String> attribute(Element element, String name) {
        String value = element.getAttribute(name);
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }

    /** The attribute of the element at the end of a path of first children. */
    public static Optional<String> attributeAt(Element parent, String attribute, String... path) {
        return at(parent, path).flatMap(element -> attribute(element, attribute));
    }

    /** The text of the first child of that name. */
    public static Optional<String> text(Element parent, String name) {
        return child(parent, name)
                .map(element -> element.getTextContent().strip())
                .filter(text -> !text.isEmpty());
    }

    /** Adds a child. */
    public static Element add(Element parent, String name) {
        Element child = parent.getOwnerDocument().createElement(name);
        parent.appendChild(child);
        return child;
    }

    /** Removes the children of these names. */
    public static void removeChildren(Element parent, String... names) {
        for (String name : names) {
            children(parent, name).forEach(parent::removeChild);
        }
    }

    private static DocumentBuilder builder() {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setFeature("http://xml.org/sax/features/external-general-entities", false);
            factory.setFeature("http://xml.org/sax/features/external-parameter-entities", false);
            factory.setXIncludeAware(false);
            factory.setExpandEntityReferences(false);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(new DefaultHandler());
            return builder;
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("this Java has no XML parser that can be made safe", e);
        }
    }
}
