import Domain
import Testing

@Suite struct `The URL of an endpoint` {
  @Test(arguments: [
    ("https://chat.example/hooks/T0?key=7", "chat.example"), ("https://chat.example", "chat.example"),
    ("https://10.1.2.3:8443/", "10.1.2.3"), ("http://127.0.0.1:8080/x", "127.0.0.1"),
    ("http://localhost/", "localhost"), ("http://[::1]:99/", "::1"), ("https://[fd00::7]/", "fd00::7"),
    ("https://a.b?x", "a.b"),
  ])
  func `is taken where it is https, or plain http to this machine`(text: String, host: String) throws {
    let url = try EndpointURL(parsing: text)
    #expect(url.description == text)
    #expect(url.host == host)
  }

  @Test(arguments: [
    "", "chat.example", "ftp://chat.example/", "https://", "https:///x", "https://user@chat.example/",
    "https://chat.example:0/", "https://chat.example:65536/", "https://chat.example:1x/",
    "https://chat.example:/",
    "https://Chat.example/", "https://chat.example/#top", "https://chat.example/a b",
    "https://chat.example\\@x/",
    "https://chat.example/\u{7F}", "https://b\u{FC}cher.example/", "https://[::1", "https://[::1]x/",
    // Those of the link, of nobody, and what some programs take for one of them.
    "https://169.254.169.254/latest", "https://0.0.0.0/", "https://0/", "https://255.255.255.255/",
    "https://[fe80::1]/", "https://[::]/", "https://[::ffff:169.254.169.254]/", "https://2852039166/",
    "https://0xa9fea9fe/", "https://0251.0376.0251.0376/", "https://169.16689662/",
    "https://[::ffff:a9fe:a9fe]/", "https://[0:0:0:0:0:ffff:a9fe:a9fe]/", "https://[0::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:a9fe:a9fe::]/", "https://[::0]/", "https://[ff02::1]/",
    "https://[fd00:ec2::254]/",
    "https://169.254.169.254./",
  ])
  func `is refused where it is another, without repeating it`(text: String) {
    let problem = #expect(throws: Problem.self) { try EndpointURL(parsing: text, allowingHTTP: true) }
    #expect(problem?.code == "url.malformed")
    #expect(problem?.description.contains("example") != true)
  }

  @Test func `is plain http to another machine only where that is allowed`() throws {
    let problem = #expect(throws: Problem.self) { try EndpointURL(parsing: "http://10.0.0.1/x") }
    #expect(problem?.code == "url.insecure")
    #expect(try !EndpointURL(parsing: "http://10.0.0.1/x", allowingHTTP: true).isSecure)
  }

  @Test func `is no longer than 2048 bytes`() throws {
    let path = String(repeating: "a", count: EndpointURL.longest - "https://a.b/".utf8.count)
    #expect(try EndpointURL(parsing: "https://a.b/\(path)").description.utf8.count == 2048)
    #expect(throws: Problem.self) { try EndpointURL(parsing: "https://a.b/\(path)a") }
  }
}
