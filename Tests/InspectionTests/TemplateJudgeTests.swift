import Domain
import Testing

@testable import Inspection

@Suite struct TemplateJudgeTests {
  private static func rules(_ template: String) -> [String] {
    let subject = Subject(bytes: [], member: "", depth: 0)
    return TemplateJudge.findings(of: Array(template.utf8)[...], named: "the template", in: subject).map(
      \.rule)
  }

  @Test func `an attribute with underscores is an injection, however its name is made`() {
    let templates = [
      "{{ x.__class__ }}", "{{ x['__class__'] }}", #"{{ x['\x5f\x5fclass\x5f\x5f'] }}"#, "{{ x|attr('y') }}",
      "{{ x['__cla' ~ 'ss__'] }}", "{{ x['_'*2 ~ 'class' ~ '_'*2] }}", "{{ x[['__cl','ass__']|join] }}",
      "{{ x['__ssalc__'[::-1]] }}", "{%- if x._private -%}{%- endif -%}", "{{ {'a': {}} }}{{ x.__init__ }}",
    ]
    for template in templates { #expect(Self.rules(template) == ["template.injection"], "\(template)") }
  }

  @Test func `what is in comments, raw blocks and text is not looked at`() {
    #expect(Self.rules("x.__class__ {# {{ x.__class__ }} #}{% raw %}{{ x.__class__ }}{% endraw %}").isEmpty)
  }

  @Test func `loops are multiplied where they are in each other`() {
    let loop = "{% for a in range(5000) %}"
    #expect(Self.rules(loop + "{% endfor %}" + loop + "{% endfor %}").isEmpty)
    #expect(Self.rules(loop + loop + "{% endfor %}{% endfor %}") == ["template.exhaustion"])
  }

  @Test func `a text that doubles is exhaustion only in a loop`() {
    #expect(Self.rules("{% set x = x ~ x %}").isEmpty)
    #expect(Self.rules("{% for i in y %}{% set x = x ~ x %}{% endfor %}") == ["template.exhaustion"])
  }

  @Test func `the message names what is reached and where`() {
    let subject = Subject(bytes: [], member: "m", depth: 0)
    let finding = TemplateJudge.findings(
      of: Array("ab{{ x.__class__ }}".utf8)[...], named: "the template", in: subject, at: 10
    ).first
    #expect(
      finding?.message
        == "the template would reach the attribute '__class__' of a Python object:  x.__class__ ")
    #expect(finding?.offset == 12)
  }
}
