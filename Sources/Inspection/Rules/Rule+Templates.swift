import Domain

// Rules about templates and the texts around a model: JSON, YAML, XML.
extension Rule {
  static let texts = [
    templateInjection, templateExhaustion, templateInclude, jsonDepth, jsonDigits, jsonDuplicate,
    jsonMalformed,
    jsonPath, jsonObject, configRemoteCode, yamlTag, yamlLocalTag, yamlBomb, yamlDepth, xmlEntity,
    xmlReference,
    xmlDepth, xmlMalformed,
  ]

  static let templateInjection = Rule(
    "template.injection", .codeExecution, .critical, .dangerous,
    "a template reaches for Python's objects from inside",
    why:
      "Chat templates run each time that somebody chats, in some readers without a sandbox; through an object's "
      + "class a template gets to everything that the process can do.",
    example:
      "the chat template would reach the attribute '__globals__' of a Python object: cycler.__init__.__gl…",
    remedy: "do not load this tokenizer; take the template from the model's original publisher",
    RuleText.supplyChain + ["CWE-1336"])
  static let templateExhaustion = Rule(
    "template.exhaustion", .exhaustion, .high, .dangerous, "a template that would not come to an end",
    why: "A loop of a thousand million rounds, or a text of as many characters, stops whoever renders it.",
    example: "the chat template would count to 1000000000 and more: for i in range(10**9)",
    remedy: "do not load this tokenizer; take the template from the model's original publisher",
    RuleText.exhaustion + ["CWE-835"])
  static let templateInclude = Rule(
    "template.include", .externalReference, .high, .dangerous, "a template asks for another one",
    why: "A chat template stands alone. Where the loader can find what it asks for, it reads that file of the"
      + " machine that serves.",
    example: "the chat template expected one template, found 'include' of another: 'tools.jinja'",
    remedy: "put the templates together in one", RuleText.outside)

  static let jsonDepth = Rule(
    "json.depth", .exhaustion, .high, .dangerous, "JSON nests deeper than any model's",
    why: "Readers that recurse overflow their stack; Python's own gives up near 1,000 levels.",
    example: "expected at most 512 levels, found more", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-674"])
  static let jsonDigits = Rule(
    "json.digits", .exhaustion, .high, .dangerous, "a whole number of more digits than Python takes",
    why: "Turning it into a number takes time in the square of its digits.",
    example: "expected at most 4300 digits, found 400000", remedy: RuleText.doNotLoad, RuleText.exhaustion)
  static let jsonDuplicate = Rule(
    "json.duplicate-name", .differential, .high, .dangerous, "a name occurs twice in one object",
    why: "Some readers take the first value, some the last: a scanner and a loader see different files.",
    example: "expected each name once in an object, found 'class_name' again", remedy: RuleText.doNotLoad,
    RuleText.supplyChain + ["CWE-436"])
  static let jsonMalformed = Rule(
    "json.malformed", .damage, .medium, .malformed, "text that begins as JSON and is none",
    why: "What cannot be read cannot be looked at.",
    example: "expected ',' or '}', found the end of the text",
    remedy: RuleText.checkWhole, RuleText.corrupt)
  static let jsonPath = Rule(
    "json.path", .externalReference, .high, .dangerous, "an index of weights names a file outside its folder",
    why: "Whoever follows the index reads a file of the author's choosing.",
    example: "expected a file beside the index, found '../../etc/passwd' for 'model.embed'",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-22"])
  static let jsonObject = Rule(
    "json.object", .codeExecution, .critical, .dangerous, "JSON that describes Python objects to be made",
    why: "jsonpickle imports and calls what such a file names, as pickle does.",
    example: "would have jsonpickle make 'os.system' from 'py/reduce'", remedy: RuleText.doNotLoad,
    RuleText.supplyChain)
  static let configRemoteCode = Rule(
    "config.remote-code", .unknown, .medium, .notLiftable,
    "a configuration that asks for code beside the model",
    why: "Loading with trust_remote_code runs Python files that come with the model.",
    example: "expected a class of the library, found 'auto_map' with modeling_x.XModel",
    remedy: "load it without trust_remote_code, and read the code it names before anything else",
    ["OWASP ML06:2023", "ATLAS AML.T0010", "CWE-829"])

  static let yamlTag = Rule(
    "yaml.tag", .codeExecution, .critical, .dangerous, "a YAML tag that makes the reader call something",
    why:
      "yaml.load with the full loader imports and calls what such a tag names; so do Ruby's and Java's readers.",
    example: "would call os.system by the tag '!!python/object/apply:os.system'", remedy: RuleText.doNotLoad,
    RuleText.supplyChain)
  static let yamlLocalTag = Rule(
    "yaml.local-tag", .unknown, .medium, .notLiftable, "a YAML tag that only its author's program knows",
    why: "What its reader does on seeing the tag is not in this file.",
    example: "expected YAML's own types, found the tag '!Model'", remedy: "write plain YAML, without tags", []
  )
  static let yamlBomb = Rule(
    "yaml.bomb", .exhaustion, .high, .dangerous, "YAML aliases that multiply",
    why: "Ten lines of anchors and aliases stand for thousands of millions of values.",
    example: "expected at most 1000000 values with all aliases followed, found more",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-776"])
  static let yamlDepth = Rule(
    "yaml.depth", .exhaustion, .high, .dangerous, "YAML nests deeper than any configuration",
    why: "Readers that recurse overflow their stack.", example: "expected at most 512 levels, found more",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-674"])

  static let xmlEntity = Rule(
    "xml.entity", .externalReference, .high, .dangerous, "XML that declares entities",
    why: "An entity reads a file or an address into the document, or multiplies until memory is full.",
    example: "expected no declarations, found the external entity 'xxe' of 'file:///etc/passwd'",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-611", "CWE-776"])
  static let xmlReference = Rule(
    "xml.reference", .externalReference, .high, .dangerous, "XML that has its reader fetch something",
    why: "An inclusion, a style sheet or an external declaration is fetched by readers that follow it.",
    example: "expected one document, found the inclusion of 'file:///etc/passwd'", remedy: RuleText.doNotLoad,
    RuleText.outside + ["CWE-611"])
  static let xmlDepth = Rule(
    "xml.depth", .exhaustion, .high, .dangerous, "XML nests deeper than any model's",
    why: "Readers that recurse overflow their stack.", example: "expected at most 512 levels, found more",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-674"])
  static let xmlMalformed = Rule(
    "xml.malformed", .damage, .medium, .malformed, "text that begins as XML and is none",
    why: "What cannot be read cannot be looked at.",
    example: "expected the end of 'TreeModel', found the end of 'PMML'", remedy: RuleText.checkWhole,
    RuleText.corrupt)
}
