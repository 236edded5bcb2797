//! A network between a client and S3: real answers, of which a test has some delayed, cut off or lost.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::s3;

/// What befalls a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The connection ends after so many bytes of the answer's body.
    Cut(u64),
    /// Nothing comes after so many bytes of the answer's body.
    Stall(u64),
    /// A thousand bytes of the answer's body come at a time, each so much later.
    Drip(Duration),
    /// It is answered so much later.
    Slow(Duration),
    /// It is carried out, and the connection ends before the answer.
    AnswerLost,
    /// It is not carried out, and answered by this status and code.
    Refused(u16, &'static str),
    /// It is not carried out, and answered by this status, with one more header and nothing else.
    Bare(u16, &'static str),
}

type Fate = Box<dyn FnMut(&Call) -> Fault + Send>;

/// A call that came over the network.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// As in `GET /bucket/key?query HTTP/1.1`.
    pub(crate) line: String,
    /// What the header `Range` says.
    pub(crate) range: Option<String>,
}

impl Call {
    pub(crate) fn is(&self, method: &str) -> bool {
        self.line.starts_with(method)
    }
}

/// The network, while this is kept.
pub(crate) struct Network {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    fate: Fate,
    calls: Vec<Call>,
}

impl Network {
    /// Connects a port of its own to S3.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { fate: Box::new(|_| Fault::None), calls: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // A client that goes away is no failure of the network.
                thread::spawn(move || carry(&client, &state).ok());
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on calls fare so, and are counted anew.
    pub(crate) fn fate(&self, fate: impl FnMut(&Call) -> Fault + Send + 'static) {
        *self.state.lock().unwrap() = State { fate: Box::new(fate), calls: Vec::new() };
    }

    /// From now on the first calls of a method fare as listed, and all others well.
    pub(crate) fn first(&self, method: &'static str, faults: &[Fault]) {
        let mut faults = Vec::from(faults).into_iter();
        self.fate(move |call| if call.is(method) { faults.next().unwrap_or(Fault::None) } else { Fault::None });
    }

    /// Returns the calls since their fate was last decided.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }
}

/// Carries one request to S3, on a connection that is closed after it.
fn carry(client: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let head = head(&mut reader)?;
    let value = |name: &str| {
        let mut lines = head.iter().filter_map(|line| line.split_once(':'));
        lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let call = Call { line: head.first().cloned().unwrap_or_default(), range: value("range") };
    let body = value("content-length").map_or(0, |bytes| bytes.parse().unwrap());
    let mut body = reader.take(body);
    let fault = {
        let mut state = state.lock().unwrap();
        state.calls.push(call.clone());
        (state.fate)(&call)
    };
    match fault {
        Fault::Refused(status, code) => {
            io::copy(&mut body, &mut io::sink())?;
            let error = format!("<Error><Code>{code}</Code><Message>The test asked for this.</Message></Error>");
            return answer(client, status, "content-type: application/xml", &error);
        }
        Fault::Bare(status, header) => {
            io::copy(&mut body, &mut io::sink())?;
            return answer(client, status, header, "");
        }
        _ => {}
    }

    let mut server = TcpStream::connect(s3::url().trim_start_matches("http://"))?;
    let lines = head.iter().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let request: String = lines.map(|line| format!("{line}\r\n")).collect();
    server.write_all(format!("{request}connection: close\r\n\r\n").as_bytes())?;
    io::copy(&mut body, &mut server)?;

    let mut from_server = BufReader::new(&server);
    let answer: String = self::head(&mut from_server)?.iter().map(|line| format!("{line}\r\n")).collect();
    let answer = format!("{answer}\r\n");
    let mut client = client;
    match fault {
        Fault::AnswerLost => {
            io::copy(&mut from_server, &mut io::sink())?;
        }
        Fault::Cut(bytes) => {
            client.write_all(answer.as_bytes())?;
            io::copy(&mut from_server.take(bytes), &mut client)?;
        }
        Fault::Stall(bytes) => {
            client.write_all(answer.as_bytes())?;
            io::copy(&mut from_server.take(bytes), &mut client)?;
            // Until the client goes away.
            io::copy(&mut client, &mut io::sink())?;
        }
        Fault::Drip(delay) => {
            client.write_all(answer.as_bytes())?;
            while io::copy(&mut (&mut from_server).take(1000), &mut client)? > 0 {
                thread::sleep(delay);
            }
        }
        _ => {
            if let Fault::Slow(delay) = fault {
                thread::sleep(delay);
            }
            client.write_all(answer.as_bytes())?;
            io::copy(&mut from_server, &mut client)?;
        }
    }
    client.shutdown(Shutdown::Both)
}

/// Reads the lines before a body.
fn head(reader: &mut impl BufRead) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            return Ok(lines);
        }
        lines.push(line);
    }
}

fn answer(mut client: &TcpStream, status: u16, header: &str, body: &str) -> io::Result<()> {
    let bytes = body.len();
    let head =
        format!("HTTP/1.1 {status} As asked for\r\n{header}\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n");
    client.write_all(format!("{head}{body}").as_bytes())?;
    client.shutdown(Shutdown::Both)
}
