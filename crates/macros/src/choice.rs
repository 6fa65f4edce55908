//! `#[derive(Choice)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(input, "Choice can be derived for an enum only"));
    };
    let name = &input.ident;
    let mut idents = Vec::new();
    let mut words = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a choice has no fields"));
        }
        let mut word = snake_case(&variant.ident.to_string());
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("choice")) {
            word = attribute.parse_args::<LitStr>()?.value();
        }
        idents.push(&variant.ident);
        words.push(word);
    }
    Ok(quote! {
        impl ::protocol::arguments::Choice for #name {
            fn name(&self) -> &'static str {
                match self { #(Self::#idents => #words,)* }
            }
        }

        impl ::protocol::arguments::Argument for #name {
            const KIND: ::protocol::arguments::Kind = ::protocol::arguments::Kind::Str;
            const CHOICES: &'static [&'static str] = &[#(#words),*];

            fn from_data(value: ::protocol::Data) -> ::core::option::Option<Self> {
                match value.as_str()? {
                    #(#words => ::core::option::Option::Some(Self::#idents),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (index, character) in name.chars().enumerate() {
        if character.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.extend(character.to_lowercase());
    }
    out
}
